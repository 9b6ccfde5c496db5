-- One row per span of years, product flow of a site, basis and what changes of its emissions.

select
    base_year,
    first_year,
    last_year,
    flow_id,
    facility_id,
    basis,
    emitting_facility_id,
    emitting_flow_id,
    component,
    kgco2e_per_unit_change
from {{ source('reduction', 'product_years') }}
