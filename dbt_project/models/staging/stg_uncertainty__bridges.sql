-- One row per calendar year, line between inventory and products, basis and cause: how far it moves
-- with it. Freight to customers isn't in it.

select
    reference_period,
    bridge_line,
    basis,
    cause_id,
    kgco2e
from {{ source('uncertainty', 'bridge_sensitivities') }}
