-- One row per initiative, measure, basis, site, flow, component and category.

select
    initiative_id,
    base_year,
    measure,
    facility_id,
    flow_id,
    component,
    ghg_category,
    ghg_scope,
    basis,
    kgco2e_change
from {{ source('reduction', 'initiative_full_effects') }}
