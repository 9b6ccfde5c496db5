-- One row per figure and cause with a stated spread: its share of the variance of the figure.

with sensitivities as (

    select * from {{ ref('sensitivities') }}
    where deviation is not null

)

select
    figure_kind,
    subject,
    reference_period,
    basis,
    cause_id,
    cause_kind,
    standard_deviation * standard_deviation / nullif(
        sum(standard_deviation * standard_deviation)
            over (partition by figure_kind, subject, reference_period, basis),
        0.0
    ) as variance_share
from sensitivities
