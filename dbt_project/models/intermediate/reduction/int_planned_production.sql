-- One row per product made in the base year of the forecast, and year: how much of it is to be
-- made, as a multiple of what was made in the base year.

with years as (

    select * from {{ ref('int_forecast_years') }}

),

made as (

    select distinct
        product_periods.product_id,
        product_periods.flow_id,
        product_periods.made_quantity,
        years.base_year
    from {{ ref('int_product_periods') }} as product_periods
    inner join years
        on product_periods.reference_period = years.base_period
    where product_periods.made_quantity > 0.0

),

flows as (

    select * from {{ ref('stg_company__flows') }}

),

mass_units as (

    select * from {{ ref('mass_units') }}

),

stated as (

    select * from {{ ref('stg_company__production_plan') }}

),

points as (

    select
        product_id,
        base_year as point_year,
        made_quantity as quantity
    from made
    union all
    select
        made.product_id,
        stated.plan_year as point_year,
        stated.quantity
        * coalesce(of_plan.kg_per_unit, 1.0)
        / coalesce(of_flow.kg_per_unit, 1.0) as quantity
    from made
    inner join stated
        on
            made.product_id = stated.product_id
            and made.base_year < stated.plan_year
    inner join flows
        on made.flow_id = flows.flow_id
    left join mass_units as of_plan
        on stated.unit_text = of_plan.unit_code
    left join mass_units as of_flow
        on flows.unit_code = of_flow.unit_code

),

planned as (

    {{ interpolated('points', ['product_id'], 'point_year', 'quantity', 'years') | indent(4) }}

)

select
    planned.product_id,
    planned.forecast_year,
    planned.quantity / made.made_quantity as production_ratio
from planned
inner join made
    on planned.product_id = made.product_id
