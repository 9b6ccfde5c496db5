-- One row per category that is not collected.

select
    -- a category number without a scope is a Scope 3 category
    coalesce(cast({{ to_double('scope') }} as integer), 3) as ghg_scope,
    cast({{ to_double('category') }} as integer) as scope3_category,
    reason
from {{ source('company', 'exclusions') }}
