-- One row per initiative, product flow of a site and basis.

select
    initiative_id,
    base_year,
    flow_id,
    facility_id,
    basis,
    kgco2e_per_unit_without,
    kgco2e_per_unit_with
from {{ source('reduction', 'initiative_products') }}
