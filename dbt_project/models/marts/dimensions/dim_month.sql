-- One row per month with data.

{%- set names = [
    'January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September',
    'October', 'November', 'December'
] %}

select
    period_month,
    substr(cast(period_month as {{ dbt.type_string() }}), 1, 7) as reference_period,
    cast(extract(year from period_month) as integer) as inventory_year,
    cast(extract(quarter from period_month) as integer) as quarter_number,
    cast(extract(month from period_month) as integer) as month_number,
    case cast(extract(month from period_month) as integer)
        {%- for name in names %}
            when {{ loop.index }} then '{{ name }}'
        {%- endfor %}
    end as month_name_en,
    cast(extract(month from period_month) as {{ dbt.type_string() }}) || '月' as month_name_zh
from {{ ref('stg_control__build_months') }}
