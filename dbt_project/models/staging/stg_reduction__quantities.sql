-- One row per initiative, measure, basis, site and bought flow.

select
    initiative_id,
    base_year,
    measure,
    basis,
    facility_id,
    flow_id,
    quantity_change,
    price,
    cost_change
from {{ source('reduction', 'initiative_quantities') }}
