-- One row per figure of a calendar year, as the newest release reported it.

select
    release,
    facility_id,
    ghg_scope,
    ghg_category,
    product_id,
    reported_year,
    basis,
    kgco2e
from {{ source('control', 'reported_figures') }}
