-- One row per year from the newest full calendar year on, as far as something is stated of it: to
-- 2060 at least, where a company states a target, a plan, a path or an initiative at all.

with base_years as (

    select
        max(reference_period) as base_period,
        max(cast(extract(year from first_month) as integer)) as base_year
    from {{ ref('stg_solved__periods') }}
    where
        period_type = 'year'
        and month_count = 12
        and is_solved

),

stated as (

    select target_year as last_year
    from {{ ref('stg_company__targets') }}
    union all
    select plan_year as last_year
    from {{ ref('stg_company__production_plan') }}
    union all
    select path_year as last_year
    from {{ ref('stg_company__factor_paths') }}
    union all
    select cast(extract(year from starts_on) as integer) as last_year
    from {{ ref('stg_company__initiatives') }}

),

ends as (

    select case when max(last_year) > 2060 then max(last_year) else 2060 end as last_year
    from stated
    having count(*) > 0

),

digits as (

    {% for digit in range(10) -%}
        {% if not loop.first -%} union all {% endif -%}
        select {{ digit }} as digit
    {% endfor %}
)

select
    base_years.base_period,
    base_years.base_year,
    base_years.base_year + 100 * hundreds.digit + 10 * tens.digit + ones.digit as forecast_year
from base_years
cross join ends
cross join digits as hundreds
cross join digits as tens
cross join digits as ones
where
    base_years.base_year is not null
    and hundreds.digit < 2
    and base_years.base_year + 100 * hundreds.digit + 10 * tens.digit + ones.digit
    <= ends.last_year
