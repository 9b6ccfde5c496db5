-- One row per reference period of a product: each month with data, and each calendar year.

with months as (

    select * from {{ ref('dim_month') }}

),

years as (

    select
        inventory_year,
        min(period_month) as first_month,
        max(period_month) as last_month,
        count(*) as month_count
    from months
    group by inventory_year

)

select
    reference_period,
    'month' as period_type,
    inventory_year,
    period_month,
    period_month as first_month,
    period_month as last_month,
    1 as month_count
from months
union all
select
    cast(inventory_year as {{ dbt.type_string() }}) as reference_period,
    'year' as period_type,
    inventory_year,
    null as period_month,
    first_month,
    last_month,
    cast(month_count as integer) as month_count
from years
