-- One row per product, reference period, process, flow and component of its cut-off footprint:
-- emissions of one declared unit, what it needs of the flow, and of the output of the process.
-- What stands on no requirement (distribution, use, disposal, opening stock) has emissions alone.

with contributions as (

    select
        product_id,
        reference_period,
        process_id,
        flow_id,
        component,
        max(case when origin = 'inventory' then 0 else 1 end) as is_stated,
        sum(location_based_kgco2e_per_declared_unit) as location_based_kgco2e,
        sum(market_based_kgco2e_per_declared_unit) as market_based_kgco2e
    from {{ ref('product_contributions') }}
    where method = 'cut_off'
    group by product_id, reference_period, process_id, flow_id, component

),

coefficients as (

    select * from {{ ref('product_coefficients') }}
    where origin = 'requirement'

),

lines as (

    select * from {{ ref('emission_lines') }}

),

process_months as (

    select
        process_id,
        facility_id,
        period_month,
        max(output_quantity) as output_quantity
    from lines
    group by process_id, facility_id, period_month

),

needed as (

    select
        coefficients.product_id,
        coefficients.reference_period,
        coefficients.process_id,
        coefficients.flow_id,
        coefficients.component,
        sum(coefficients.coefficient_per_declared_unit * lines.quantity) as quantity,
        max(lines.unit_code) as unit_code
    from coefficients
    inner join lines
        on
            coefficients.process_id = lines.process_id
            and coefficients.flow_id = lines.flow_id
            and coefficients.component = lines.component
            and coefficients.period_month = lines.period_month
    group by
        coefficients.product_id,
        coefficients.reference_period,
        coefficients.process_id,
        coefficients.flow_id,
        coefficients.component

),

operations as (

    select distinct
        product_id,
        reference_period,
        process_id,
        period_month,
        coefficient_per_declared_unit
    from coefficients

),

required as (

    select
        operations.product_id,
        operations.reference_period,
        operations.process_id,
        max(process_months.facility_id) as facility_id,
        sum(operations.coefficient_per_declared_unit * process_months.output_quantity)
            as output_quantity
    from operations
    inner join process_months
        on
            operations.process_id = process_months.process_id
            and operations.period_month = process_months.period_month
    group by operations.product_id, operations.reference_period, operations.process_id

)

select
    contributions.product_id,
    contributions.reference_period,
    required.facility_id,
    contributions.process_id,
    contributions.flow_id,
    contributions.component,
    case when contributions.is_stated = 0 then needed.quantity end as quantity,
    case when contributions.is_stated = 0 then needed.unit_code end as unit_code,
    case when contributions.is_stated = 0 then required.output_quantity end as output_quantity,
    contributions.location_based_kgco2e,
    contributions.market_based_kgco2e
from contributions
left join needed
    on
        contributions.product_id = needed.product_id
        and contributions.reference_period = needed.reference_period
        and contributions.process_id = needed.process_id
        and contributions.flow_id = needed.flow_id
        and contributions.component = needed.component
left join required
    on
        contributions.product_id = required.product_id
        and contributions.reference_period = required.reference_period
        and contributions.process_id = required.process_id
