-- A scenario or recycling method without a valid factor would leave a footprint too low.

select
    reference_period,
    stated_in,
    subject,
    market,
    flow_id,
    component,
    problem
from {{ ref('int_missing_scenario_factors') }}
