-- One row per calendar year, product flow of a site, basis and cause: how far what one unit carries
-- to the gate moves with it.

select
    reference_period,
    flow_id,
    facility_id,
    basis,
    cause_id,
    kgco2e_per_unit
from {{ source('uncertainty', 'market_sensitivities') }}
