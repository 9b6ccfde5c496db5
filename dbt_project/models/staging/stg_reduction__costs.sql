-- One row per initiative, measure and basis.

select
    initiative_id,
    base_year,
    measure,
    basis,
    order_in_sequence,
    kgco2e_saved,
    annualised_capex,
    other_costs,
    bought_costs,
    annual_cost,
    cost_per_tonne,
    payback_years,
    net_present_value,
    unpriced_flows
from {{ source('reduction', 'initiative_costs') }}
