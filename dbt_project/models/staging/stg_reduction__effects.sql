-- One row per initiative, span of years, measure, basis, site, flow, component and category.

select
    initiative_id,
    base_year,
    measure,
    first_year,
    last_year,
    facility_id,
    flow_id,
    component,
    ghg_category,
    ghg_scope,
    basis,
    kgco2e_change
from {{ source('reduction', 'initiative_effects') }}
