-- One row per product.

select
    product_id,
    flow_id,
    facility_id,
    name_en as product_name_en,
    name_zh as product_name_zh,
    declared_unit,
    {{ to_double('regain') }} as regain,
    {{ to_double('recycled_content') }} as recycled_content_claimed,
    hs_code,
    end_use
from {{ source('company', 'products') }}
