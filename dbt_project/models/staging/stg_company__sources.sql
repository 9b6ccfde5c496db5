-- One row per source map.

select
    source,
    owner
from {{ source('company', 'sources') }}
