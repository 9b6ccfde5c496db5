-- One row per figure of a calendar year: its interval, as far as spreads are stated, to first order
-- with shared causes (method R42): causes add by squares, what one cause moves adds up first. Where
-- draws were asked for, the interval by Monte Carlo (method R43) beside it.

with sensitivities as (

    select * from {{ ref('sensitivities') }}

),

drawn as (

    select * from {{ ref('stg_uncertainty__monte_carlo') }}

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
    summed.figure_kind,
    summed.subject,
    summed.reference_period,
    summed.basis,
    summed.unit,
    summed.figure_value,
    summed.standard_deviation,
    summed.figure_value - {{ normal_95() }} * summed.standard_deviation as low_95,
    summed.figure_value + {{ normal_95() }} * summed.standard_deviation as high_95,
    {{ normal_95() }}
    * summed.standard_deviation
    / nullif(abs(summed.figure_value), 0.0) as half_width_share,
    summed.cause_count,
    summed.unstated_cause_count,
    summed.unstated_share,
    case
        when summed.unstated_cause_count = 0 then 'all_stated'
        when summed.standard_deviation is null then 'none_stated'
        else 'some_stated'
    end as coverage,
    drawn.mean as monte_carlo_mean,
    drawn.low_95 as monte_carlo_low_95,
    drawn.high_95 as monte_carlo_high_95,
    (drawn.high_95 - drawn.low_95)
    / nullif(2e0 * {{ normal_95() }} * summed.standard_deviation, 0.0)
    - 1.0 as monte_carlo_wider_by,
    drawn.skewed_causes,
    drawn.draws as monte_carlo_draws,
    drawn.seed as monte_carlo_seed,
    case
        when summed.figure_kind = 'product' then 'cradle_to_gate'
        when summed.figure_kind like '%/%' then split_part(summed.figure_kind, '/', 1)
    end as boundary,
    case
        when summed.figure_kind = 'product' then 'cut_off'
        when summed.figure_kind like '%/%' then split_part(summed.figure_kind, '/', 2)
    end as method
from summed
left join drawn
    on
        summed.figure_kind = drawn.figure_kind
        and summed.subject = drawn.subject
        and summed.reference_period = drawn.reference_period
        and summed.basis = drawn.basis
