-- One row per solved reference period, process, flow, component and basis, cradle to gate: absolute
-- emissions, their primary part, and emissions × score for each indicator of data quality.
-- Technology, geography and time rate the factor, reliability and completeness the activity.

{{ replace_periods() }}

with period_months as (

    select
        reference_period,
        period_month,
        -- a whole year is an adequate period; anything shorter may miss a season
        case when month_count = 12 then 1 else 3 end as completeness_score
    from {{ ref('int_period_months') }}
    where {{ in_stale_periods('reference_period') }} and is_solved

),

quality as (

    select * from {{ ref('int_emission_quality') }}
    where period_month in (select period_months.period_month from period_months)

),

scores as (

    select * from {{ ref('int_factor_scores') }}
    where {{ in_stale_periods('reference_period') }}

),

flows as (

    select * from {{ ref('stg_company__flows') }}
    where life_cycle_stage in ('raw_material_acquisition', 'manufacture')

),

components as (

    select
        required.flow_id,
        required.component
    from {{ ref('int_required_components') }} as required
    inner join {{ ref('ghg_categories') }} as categories
        on required.ghg_category = categories.ghg_category
    where categories.in_product_boundary

),

variances as (

    select
        indicator,
        score,
        variance
    from {{ ref('pedigree_variances') }}
    where variance_set = '{{ var("pedigree_set") }}'

),

reliability as (

    -- figures that nobody outside has verified: measured 2, estimated 4
    select
        max(case when score = 2 then variance end) as measured,
        max(case when score = 4 then variance end) as estimated
    from variances
    where indicator = 'reliability'

),

completeness as (

    select
        score,
        variance
    from variances
    where indicator = 'completeness'

),

lines as (

    {% for basis in ['location_based', 'market_based'] -%}
        {% if not loop.first -%} union all {% endif -%}
        select
            '{{ basis }}' as basis,
            process_id,
            facility_id,
            flow_id,
            component,
            supplier_key,
            period_month,
            {{ basis }}_gross_kgco2e as gross,
            {{ basis }}_primary_kgco2e as primary_part,
            {{ basis }}_estimated_kgco2e as estimated
        from quality
    {% endfor %}
),

rated as (

    select
        period_months.reference_period,
        period_months.completeness_score,
        lines.basis,
        lines.process_id,
        lines.flow_id,
        lines.component,
        lines.gross,
        lines.primary_part,
        lines.estimated,
        coalesce(scores.technological_score, 5.0) as technological_score,
        coalesce(scores.geographical_score, 5.0) as geographical_score,
        coalesce(scores.temporal_score, 5.0) as temporal_score,
        coalesce(scores.factor_variance, 0.0)
        + completeness.variance
        + (
            (lines.gross - lines.estimated) * reliability.measured
            + lines.estimated * reliability.estimated
        ) / nullif(lines.gross, 0.0)
        -- what an activity and its factor vary by at best
        + case
            when flows.flow_kind like 'freight_%' then 0.12
            when flows.flow_kind in ('wastewater', 'refrigerant') then 0.04
            else 0.0006
        end as variance
    from period_months
    inner join lines
        on period_months.period_month = lines.period_month
    inner join flows
        on lines.flow_id = flows.flow_id
    inner join components
        on
            lines.flow_id = components.flow_id
            and lines.component = components.component
    inner join completeness
        on period_months.completeness_score = completeness.score
    cross join reliability
    left join scores
        on
            period_months.reference_period = scores.reference_period
            and lines.period_month = scores.period_month
            and lines.facility_id = scores.facility_id
            and lines.flow_id = scores.flow_id
            and lines.component = scores.component
            and lines.supplier_key = scores.supplier_key
            and lines.basis = scores.basis

)

select
    reference_period,
    process_id,
    flow_id,
    component,
    basis,
    sum(gross) as gross_kgco2e,
    sum(primary_part) as primary_kgco2e,
    sum(gross * technological_score) as technological_weighted,
    sum(gross * geographical_score) as geographical_weighted,
    sum(gross * temporal_score) as temporal_weighted,
    sum(2.0 * (gross - estimated) + 4.0 * estimated) as reliability_weighted,
    sum(gross * completeness_score) as completeness_weighted,
    sum(gross * sqrt(variance)) as deviation_weighted
from rated
group by reference_period, process_id, flow_id, component, basis
