-- One row per year, site, category, basis and cause: how far the emissions move with it.

select
    inventory_year,
    facility_id,
    ghg_scope,
    ghg_category,
    basis,
    cause_id,
    kgco2e
from {{ source('uncertainty', 'inventory_sensitivities') }}
