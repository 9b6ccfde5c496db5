-- One row per difference of two figures whose interval was drawn, from what they rest on today.

select
    comparison,
    figure_kind,
    subject,
    reference_period,
    other_subject,
    other_reference_period,
    basis,
    draws,
    seed,
    mean,
    low_95,
    high_95
from {{ source('uncertainty', 'monte_carlo_differences') }}
