-- One row per figure of a calendar year: its interval, as far as spreads are stated, to first order
-- with shared causes (method R42): causes add by squares, what one cause moves adds up first.

with sensitivities as (

    select * from {{ ref('sensitivities') }}

),

summed as (

    select
        figure_kind,
        subject,
        reference_period,
        basis,
        unit,
        max(figure_value) as figure_value,
        sqrt(sum(standard_deviation * standard_deviation)) as standard_deviation,
        cast(count(*) as integer) as cause_count,
        cast(count(*) - count(deviation) as integer) as unstated_cause_count,
        sum(case when deviation is null then abs(sensitivity) else 0.0 end)
        / nullif(sum(abs(sensitivity)), 0.0) as unstated_share
    from sensitivities
    group by figure_kind, subject, reference_period, basis, unit

)

select
    figure_kind,
    subject,
    reference_period,
    basis,
    unit,
    figure_value,
    standard_deviation,
    figure_value - {{ normal_95() }} * standard_deviation as low_95,
    figure_value + {{ normal_95() }} * standard_deviation as high_95,
    {{ normal_95() }} * standard_deviation / nullif(abs(figure_value), 0.0) as half_width_share,
    cause_count,
    unstated_cause_count,
    unstated_share,
    case
        when unstated_cause_count = 0 then 'all_stated'
        when standard_deviation is null then 'none_stated'
        else 'some_stated'
    end as coverage
from summed
