-- One row per category that is not collected.

select
    cast({{ to_double('scope') }} as integer) as ghg_scope,
    cast({{ to_double('category') }} as integer) as scope3_category,
    reason
from {{ source('company', 'exclusions') }}
