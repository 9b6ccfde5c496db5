-- One row per initiative and year.

select
    initiative_id,
    base_year,
    year,
    level,
    level_in_base_year
from {{ source('reduction', 'initiative_levels') }}
