-- One row per reference period, scenario row in force and component of its flow: scenarios and
-- factors as they are on the first day of the period.

{{ replace_periods() }}

with product_periods as (

    select distinct
        reference_period,
        first_month,
        product_id
    from {{ ref('int_product_periods') }}
    where {{ in_stale_periods('reference_period') }}

),

monthly as (

    select * from {{ ref('int_monthly_scenario_factors') }}

)

select
    product_periods.reference_period,
    monthly.product_id,
    monthly.market,
    monthly.market_share,
    monthly.life_cycle_stage,
    monthly.treatment,
    monthly.flow_id,
    monthly.component,
    monthly.quantity_per_declared_unit,
    monthly.kg_per_declared_unit,
    monthly.factor_version_id,
    {% for column in gas_columns() -%}
        monthly.{{ column }}_per_unit,
    {% endfor -%}
    monthly.kgco2e_per_unit
from product_periods
inner join monthly
    on
        product_periods.product_id = monthly.product_id
        and product_periods.first_month = monthly.period_month
