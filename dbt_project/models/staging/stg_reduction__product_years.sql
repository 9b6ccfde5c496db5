-- One row per span of years, product flow of a site and basis.

select
    base_year,
    first_year,
    last_year,
    flow_id,
    facility_id,
    basis,
    kgco2e_per_unit_change
from {{ source('reduction', 'product_years') }}
