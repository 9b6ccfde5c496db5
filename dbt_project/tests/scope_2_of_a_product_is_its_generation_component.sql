-- method R39: what a product carries of purchased electricity beyond Scope 2 is its upstream
-- component and nothing else. Generation lines of a product, divided by its coefficients, are
-- Scope 2 lines of the inventory; no other component of electricity is.

{{ config(meta={'dagster': {'ref': {'name': 'product_contributions'}}}) }}

select
    contributions.product_id,
    contributions.reference_period,
    contributions.process_id,
    contributions.flow_id,
    contributions.component,
    emissions.ghg_scope
from {{ ref('product_contributions') }} as contributions
inner join {{ ref('int_period_emissions') }} as emissions
    on
        contributions.reference_period = emissions.reference_period
        and contributions.process_id = emissions.process_id
        and contributions.flow_id = emissions.flow_id
        and contributions.component = emissions.component
where
    contributions.origin = 'inventory'
    and emissions.flow_kind in ('electricity', 'heat')
    and (contributions.component = 'generation') <> (emissions.ghg_scope = 2)
