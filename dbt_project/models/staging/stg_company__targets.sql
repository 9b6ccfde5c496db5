-- One row per target.

select
    target_id,
    name_en,
    coalesce(name_zh, name_en) as name_zh,
    kind,
    basis,
    cast(base_year as integer) as base_year,
    cast(target_year as integer) as target_year,
    {{ to_double('reduction_share') }} as reduction_share,
    coalesce(path, 'linear') as path,
    -- with a separator at both ends, so that a part is found whole
    ';' || replace(coalesce(scopes, '1;2;3'), ' ', '') || ';' as scopes,
    ';' || replace(categories, ' ', '') || ';' as categories,
    facility_id,
    product_id,
    neutralised_by,
    coalesce(neutralised_by_zh, neutralised_by) as neutralised_by_zh,
    source_id,
    source_locator
from {{ source('company', 'targets') }}
