-- One row per product and year.

select
    product_id,
    cast(year as integer) as plan_year,
    {{ to_double('quantity') }} as quantity,
    unit as unit_text,
    source_id,
    source_locator
from {{ source('company', 'production_plan') }}
