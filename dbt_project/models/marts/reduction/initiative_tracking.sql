-- One row per initiative in force, process, flow and month before and after its start, and one to
-- date: what the baseline expects, what was measured, and the saving against the plan.

with baselines as (

    select * from {{ ref('stg_reduction__baselines') }}

),

savings as (

    select * from {{ ref('stg_reduction__savings') }}

),

initiatives as (

    select * from {{ ref('stg_company__initiatives') }}

),

flows as (

    select * from {{ ref('stg_company__flows') }}

),

-- what a unit of the flow emitted in a month, all components; none for a utility of the site's own
intensities as (

    select
        process_id,
        flow_id,
        period_month,
        max(consolidation_share) as consolidation_share,
        sum(location_based_kgco2e) / nullif(max(quantity), 0.0) as location_based_kgco2e_per_unit,
        sum(market_based_kgco2e) / nullif(max(quantity), 0.0) as market_based_kgco2e_per_unit
    from {{ ref('emission_lines') }}
    where direction = 'input'
    group by process_id, flow_id, period_month

),

monthly as (

    select
        savings.*,
        savings.saving
        * intensities.consolidation_share
        * intensities.location_based_kgco2e_per_unit as location_based_kgco2e,
        savings.saving
        * intensities.consolidation_share
        * intensities.market_based_kgco2e_per_unit as market_based_kgco2e
    from savings
    left join intensities
        on
            savings.process_id = intensities.process_id
            and savings.flow_id = intensities.flow_id
            and savings.period_month = intensities.period_month

),

to_date as (

    select
        initiative_id,
        process_id,
        flow_id,
        sum(location_based_kgco2e) as location_based_kgco2e,
        sum(market_based_kgco2e) as market_based_kgco2e
    from monthly
    where period_kind = 'reporting'
    group by initiative_id, process_id, flow_id

)

select
    baselines.initiative_id,
    initiatives.status as initiative_status,
    initiatives.starts_on,
    baselines.facility_id,
    baselines.process_id,
    baselines.flow_id,
    flows.unit_code,
    coalesce(monthly.period_kind, 'to_date') as period_kind,
    monthly.period_month,
    baselines.baseline_status,
    baselines.first_month as baseline_first_month,
    baselines.last_month as baseline_last_month,
    cast(baselines.month_count as integer) as baseline_month_count,
    baselines.drivers,
    baselines.model,
    baselines.r2,
    baselines.cv_rmse,
    baselines.p_value,
    baselines.meets_criteria,
    baselines.tracked_with,
    monthly.measured_quantity,
    monthly.expected_quantity,
    monthly.saving,
    monthly.saving_low,
    monthly.saving_high,
    monthly.planned_saving,
    monthly.status as tracking_status,
    case
        when monthly.period_kind = 'to_date' then to_date.location_based_kgco2e
        when monthly.period_kind = 'reporting' then monthly.location_based_kgco2e
    end as saved_location_based_kgco2e,
    case
        when monthly.period_kind = 'to_date' then to_date.market_based_kgco2e
        when monthly.period_kind = 'reporting' then monthly.market_based_kgco2e
    end as saved_market_based_kgco2e
from baselines
inner join initiatives
    on baselines.initiative_id = initiatives.initiative_id
left join flows
    on baselines.flow_id = flows.flow_id
left join monthly
    on
        baselines.initiative_id = monthly.initiative_id
        and baselines.process_id = monthly.process_id
        and baselines.flow_id = monthly.flow_id
left join to_date
    on
        baselines.initiative_id = to_date.initiative_id
        and baselines.process_id = to_date.process_id
        and baselines.flow_id = to_date.flow_id
