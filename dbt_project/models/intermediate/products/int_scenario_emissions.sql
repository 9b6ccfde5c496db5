-- One row per product, reference period, market, stage, treatment, flow and component: what one
-- declared unit emits after it was sold. Behind it stands no cell but a row of scenarios.csv, so
-- this is the second and last place where a quantity meets a factor.

with scenario_factors as (

    select * from {{ ref('int_scenario_factors') }}
    where component <> ''

)

select
    product_id,
    reference_period,
    market,
    life_cycle_stage,
    treatment,
    flow_id,
    component,
    factor_version_id,
    {% for column in gas_columns() -%}
        quantity_per_declared_unit * market_share * {{ column }}_per_unit as {{ column }},
    {% endfor -%}
    quantity_per_declared_unit * market_share * kgco2e_per_unit as kgco2e
from scenario_factors
