-- One row per reference period and thing that stands against a scenario or a recycling method: a
-- unit, a component or a factor valid on the first day of the period is missing.

with scenario_factors as (

    select * from {{ ref('int_scenario_factors') }}

),

flows as (

    select * from {{ ref('stg_company__flows') }}

),

method_flows as (

    select * from {{ ref('int_recycling_method_factors') }}

)

select
    scenario_factors.reference_period,
    'scenarios.csv' as stated_in,
    scenario_factors.product_id as subject,
    scenario_factors.market,
    scenario_factors.flow_id,
    scenario_factors.component,
    case
        when scenario_factors.quantity_per_declared_unit is null
            then 'the unit is none of this flow'
        when scenario_factors.component = ''
            then 'the flow has no components and no reason in exempted_because'
        else 'no factor of the market or the world is valid on the first day of the period'
    end as problem
from scenario_factors
left join flows
    on scenario_factors.flow_id = flows.flow_id
where
    scenario_factors.quantity_per_declared_unit is null
    or (scenario_factors.component = '' and flows.exempted_because is null)
    or (scenario_factors.component <> '' and scenario_factors.kgco2e_per_unit is null)
union all
select
    reference_period,
    'recycling_methods.csv' as stated_in,
    method as subject,
    facility_id as market,
    flow_id,
    '' as component,
    'the flow has neither an intensity of its own nor a factor per kilogram' as problem
from method_flows
where location_based_kgco2e_per_kg is null
