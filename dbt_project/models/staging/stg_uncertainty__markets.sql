-- One row per calendar year, product flow of a site, boundary, basis and cause: how far what one
-- unit carries to the gate, or takes on between the gates, moves with it.

select
    reference_period,
    flow_id,
    facility_id,
    boundary,
    basis,
    cause_id,
    kgco2e_per_unit
from {{ source('uncertainty', 'market_sensitivities') }}
