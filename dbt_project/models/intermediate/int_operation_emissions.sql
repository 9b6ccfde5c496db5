-- One row per reference period and process of the product system: what a footprint can take
-- from it, as the company's share and as the whole process.

{{ replace_periods() }}

with emissions as (

    select * from {{ ref('int_period_emissions') }}
    where
        {{ in_stale_periods('reference_period') }}
        and in_product_boundary
        and process_type <> 'non_product'

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
from emissions
group by reference_period, facility_id, process_id, consolidation_share
