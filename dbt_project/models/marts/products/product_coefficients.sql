-- One row per product, reference period, and emission line behind it: process, flow, component,
-- month and, for outbound transport, delivery document. Coefficient × part of lineage, summed, is
-- the footprint of one declared unit as far as it rests on cells.

{{ replace_periods() }}

with requirements as (

    select * from {{ ref('int_product_requirements') }}
    where {{ in_stale_periods('reference_period') }}

),

-- of earlier periods, too: what stock carries was emitted when it was made
months as (

    select * from {{ ref('int_period_months') }}
    where
        is_solved
        and (
            {{ in_stale_periods('reference_period') }}
            or reference_period in (select requirements.operation_period from requirements)
        )

),

product_periods as (

    select distinct
        reference_period,
        product_id,
        delivered_quantity * declared_units_per_unit as delivered_declared_units
    from {{ ref('int_product_periods') }}
    where {{ in_stale_periods('reference_period') }}

),

components as (

    select
        required.flow_id,
        required.component
    from {{ ref('int_required_components') }} as required
    inner join {{ ref('ghg_categories') }} as categories
        on required.ghg_category = categories.ghg_category
    where categories.in_product_boundary

),

lines as (

    select distinct
        totals.process_id,
        totals.flow_id,
        components.component,
        totals.period_month
    from {{ ref('int_activity_totals') }} as totals
    inner join components
        on totals.flow_id = components.flow_id
    where totals.period_month in (select months.period_month from months)

),

distribution as (

    select
        process_id,
        facility_id,
        flow_id,
        period_month,
        freight_document,
        product_id,
        max(product_share) as product_share
    from {{ ref('int_distribution') }}
    where period_month in (select months.period_month from months)
    group by process_id, facility_id, flow_id, period_month, freight_document, product_id

),

facilities as (

    select * from {{ ref('stg_company__facilities') }}

)

select
    requirements.product_id,
    requirements.reference_period,
    'requirement' as origin,
    requirements.process_id,
    lines.flow_id,
    lines.component,
    lines.period_month,
    '' as freight_document,
    requirements.coefficient_per_declared_unit
from requirements
inner join months
    on requirements.operation_period = months.reference_period
inner join lines
    on
        requirements.process_id = lines.process_id
        and months.period_month = lines.period_month
union all
select
    distribution.product_id,
    months.reference_period,
    'distribution' as origin,
    distribution.process_id,
    distribution.flow_id,
    components.component,
    distribution.period_month,
    distribution.freight_document,
    distribution.product_share
    / product_periods.delivered_declared_units
    / nullif(facilities.consolidation_share, 0.0) as coefficient_per_declared_unit
from distribution
inner join months
    on distribution.period_month = months.period_month
inner join product_periods
    on
        months.reference_period = product_periods.reference_period
        and distribution.product_id = product_periods.product_id
inner join components
    on distribution.flow_id = components.flow_id
inner join facilities
    on distribution.facility_id = facilities.facility_id
where product_periods.delivered_declared_units > 0.0
