-- method R30: a credit for what recycling or recovered energy displaces never stands in a cut-off
-- footprint, where the next life already has the benefit.

select
    product_id,
    reference_period,
    origin,
    flow_id,
    component,
    treatment,
    location_based_kgco2e_per_declared_unit
from {{ ref('product_contributions') }}
where
    method = 'cut_off'
    and (
        origin = 'method_adjustment'
        or treatment = 'energy_credit'
        or (origin = 'scenario' and location_based_kgco2e_per_declared_unit < 0.0)
        or (origin = 'scenario' and market_based_kgco2e_per_declared_unit < 0.0)
    )
