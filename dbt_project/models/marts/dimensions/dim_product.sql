-- One row per product.

select
    product_id,
    product_name_en,
    coalesce(product_name_zh, product_name_en) as product_name_zh,
    declared_unit,
    flow_id,
    facility_id,
    hs_code,
    end_use
from {{ ref('stg_company__products') }}
