-- One row per product, reference period, process and period of its operation: what one declared
-- unit needs of it.

{{ replace_periods() }}

with product_periods as (

    select * from {{ ref('int_product_periods') }}
    where {{ in_stale_periods('reference_period') }}

),

requirements as (

    select * from {{ ref('stg_solved__requirements') }}
    where {{ in_stale_periods('reference_period') }}

),

facilities as (

    select * from {{ ref('stg_company__facilities') }}

),

processes as (

    select
        process_id,
        facility_id
    from {{ ref('stg_company__processes') }}
    union all
    select distinct
        process_id,
        facility_id
    from {{ ref('stg_solved__opening_stocks') }}

),

summed as (

    select
        product_periods.product_id,
        product_periods.reference_period,
        requirements.process_id,
        requirements.operation_period,
        sum(
            product_periods.market_weight
            * requirements.requirement
            / product_periods.declared_units_per_unit
        ) as requirement_per_declared_unit
    from product_periods
    inner join requirements
        on
            product_periods.reference_period = requirements.reference_period
            and product_periods.flow_id = requirements.flow_id
            and product_periods.facility_id = requirements.facility_id
    group by
        product_periods.product_id,
        product_periods.reference_period,
        requirements.process_id,
        requirements.operation_period

)

select
    summed.product_id,
    summed.reference_period,
    processes.facility_id,
    summed.process_id,
    summed.operation_period,
    summed.requirement_per_declared_unit,
    -- emission lines hold the company's share of a site; a footprint is that of the whole site
    summed.requirement_per_declared_unit / nullif(facilities.consolidation_share, 0.0)
        as coefficient_per_declared_unit
from summed
inner join processes
    on summed.process_id = processes.process_id
inner join facilities
    on processes.facility_id = facilities.facility_id
