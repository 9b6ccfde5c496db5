-- One row per figure whose interval was drawn, from what figures rest on today.

select
    figure_kind,
    subject,
    reference_period,
    basis,
    draws,
    seed,
    mean,
    low_95,
    high_95,
    skewed_causes
from {{ source('uncertainty', 'monte_carlo') }}
