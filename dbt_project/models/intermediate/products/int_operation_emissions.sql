-- One row per reference period and process of the product system, or stock that stands for one:
-- what a footprint can take from it, as the company's share and as the whole process.

{{ replace_periods() }}

with emissions as (

    select * from {{ ref('int_period_emissions') }}
    where
        {{ in_stale_periods('reference_period') }}
        and in_product_boundary
        and process_type <> 'non_product'

),

opening_stocks as (

    select * from {{ ref('int_opening_stock_emissions') }}
    where {{ in_stale_periods('reference_period') }}

),

lines as (

    {% for source in ['emissions', 'opening_stocks'] -%}
        {% if not loop.first -%} union all {% endif -%}
        select
            reference_period,
            facility_id,
            process_id,
            {% for column in emission_columns() -%}
                {{ column }},
            {% endfor -%}
            consolidation_share
        from {{ source }}
    {% endfor %}
)

select
    reference_period,
    facility_id,
    process_id,
    consolidation_share,
    {% for column in emission_columns() -%}
        sum({{ column }}) as {{ column }},
    {% endfor -%}
    count(*) as line_count
from lines
group by reference_period, facility_id, process_id, consolidation_share
