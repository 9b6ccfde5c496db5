-- One row per pair of figures that people compare: a figure and the same of the year before, and
-- two products of one year and unit, cradle to gate by cut-off. What both rest on cancels: the
-- variance is of the difference of their sensitivities, cause by cause. Emissions of years with
-- other numbers of months aren't compared.

{% set pair = [
    'comparison', 'figure_kind', 'basis', 'subject', 'reference_period', 'other_subject',
    'other_reference_period'
] -%}
with sensitivities as (

    select * from {{ ref('sensitivities') }}

),

drawn as (

    select * from {{ ref('stg_uncertainty__monte_carlo_differences') }}

),

months as (

    select
        cast(inventory_year as string) as reference_period,
        max(month_count) as month_count
    from {{ ref('facility_inventory') }}
    group by inventory_year

),

figures as (

    select distinct
        figure_kind,
        subject,
        reference_period,
        basis,
        unit,
        figure_value
    from sensitivities

),

pairs as (

    select
        case
            when figures.subject = others.subject then 'periods'
            else 'products'
        end as comparison,
        figures.figure_kind,
        figures.basis,
        figures.unit,
        figures.subject,
        figures.reference_period,
        figures.figure_value,
        others.subject as other_subject,
        others.reference_period as other_reference_period,
        others.figure_value as other_value
    from figures
    inner join figures as others
        on
            figures.figure_kind = others.figure_kind
            and figures.basis = others.basis
            and figures.unit = others.unit
    inner join months
        on figures.reference_period = months.reference_period
    inner join months as other_months
        on others.reference_period = other_months.reference_period
    where
        (
            figures.subject = others.subject
            and cast(figures.reference_period as integer)
            = cast(others.reference_period as integer) + 1
            and (
                -- what a unit carries is comparable, however many months made it
                figures.unit <> 'kgCO2e'
                or months.month_count = other_months.month_count
            )
        )
        or (
            figures.figure_kind = 'product'
            and figures.reference_period = others.reference_period
            and figures.subject < others.subject
        )

),

both_sides as (

    {% for subject, period, sign in [
        ('subject', 'reference_period', 1.0),
        ('other_subject', 'other_reference_period', -1.0)
    ] -%}
        {% if not loop.first -%} union all {% endif -%}
        select
            {% for column in pair -%}
                pairs.{{ column }},
            {% endfor -%}
            sensitivities.cause_id,
            sensitivities.deviation,
            {{ sign }} * sensitivities.sensitivity as signed_sensitivity
        from pairs
        inner join sensitivities
            on
                pairs.figure_kind = sensitivities.figure_kind
                and pairs.{{ subject }} = sensitivities.subject
                and pairs.{{ period }} = sensitivities.reference_period
                and pairs.basis = sensitivities.basis
    {% endfor %}
),

by_cause as (

    select
        {% for column in pair -%}
            {{ column }},
        {% endfor -%}
        cause_id,
        sum(signed_sensitivity) * max(deviation) as standard_deviation,
        case when max(deviation) is null then abs(sum(signed_sensitivity)) else 0.0 end as unstated,
        abs(sum(signed_sensitivity)) as moved
    from both_sides
    group by {{ pair | join(', ') }}, cause_id

),

differences as (

    select
        {% for column in pair -%}
            {{ column }},
        {% endfor -%}
        sqrt(sum(standard_deviation * standard_deviation)) as standard_deviation,
        sum(unstated) / nullif(sum(moved), 0.0) as unstated_share
    from by_cause
    group by {{ pair | join(', ') }}

)

select
    pairs.comparison,
    pairs.figure_kind,
    pairs.subject,
    pairs.reference_period,
    pairs.other_subject,
    pairs.other_reference_period,
    pairs.basis,
    pairs.unit,
    pairs.figure_value,
    pairs.other_value,
    -- what is left of two equal sums is no difference: added up in another order it is another one
    case
        when
            abs(pairs.figure_value - pairs.other_value) <= 1e-12 * abs(pairs.figure_value)
            then 0.0
        else pairs.figure_value - pairs.other_value
    end as difference,
    differences.standard_deviation,
    pairs.figure_value
    - pairs.other_value
    - {{ normal_95() }} * differences.standard_deviation as low_95,
    pairs.figure_value
    - pairs.other_value
    + {{ normal_95() }} * differences.standard_deviation as high_95,
    differences.unstated_share,
    case
        when differences.standard_deviation is null then 'not_known'
        when
            abs(pairs.figure_value - pairs.other_value)
            <= {{ normal_95() }} * differences.standard_deviation
            then 'within_uncertainty'
        when differences.unstated_share > 0.0 then 'beyond_what_is_stated'
        else 'significant'
    end as verdict,
    drawn.mean as monte_carlo_mean,
    drawn.low_95 as monte_carlo_low_95,
    drawn.high_95 as monte_carlo_high_95,
    (drawn.high_95 - drawn.low_95)
    / nullif(2e0 * {{ normal_95() }} * differences.standard_deviation, 0.0)
    - 1.0 as monte_carlo_wider_by,
    drawn.draws as monte_carlo_draws,
    drawn.seed as monte_carlo_seed
from pairs
inner join differences
    on
        {% for column in pair -%}
            {% if not loop.first -%} and {% endif -%} pairs.{{ column }} = differences.{{ column }}
        {% endfor %}
left join drawn
    on
        {% for column in pair -%}
            {% if not loop.first -%} and {% endif -%} pairs.{{ column }} = drawn.{{ column }}
        {% endfor %}
