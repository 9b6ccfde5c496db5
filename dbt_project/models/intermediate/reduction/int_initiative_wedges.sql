-- One row per initiative, site, inventory category, basis and year: what it changes of the
-- forecast, in sequence. Its effect on the base year moves with what becomes of the same flow.

with years as (

    select * from {{ ref('int_forecast_years') }}
    where forecast_year > base_year

),

effects as (

    select * from {{ ref('stg_reduction__effects') }}
    where measure = 'in_sequence'

),

initiatives as (

    select * from {{ ref('stg_company__initiatives') }}

),

lines as (

    select * from {{ ref('int_forecast_lines') }}

),

trends as (

    select * from {{ ref('int_factor_trends') }}

),

flow_ratios as (

    select
        facility_id,
        flow_id,
        component,
        basis,
        forecast_year,
        sum(forecast_kgco2e) / nullif(sum(base_kgco2e), 0.0) as ratio
    from lines
    group by facility_id, flow_id, component, basis, forecast_year

),

-- a flow that the base year did not have moves as the site does, and with its own path
site_ratios as (

    select
        facility_id,
        basis,
        forecast_year,
        sum(produced_kgco2e) / nullif(sum(base_kgco2e), 0.0) as ratio
    from lines
    group by facility_id, basis, forecast_year

)

select
    effects.initiative_id,
    max(initiatives.status) as initiative_status,
    effects.facility_id,
    max(effects.ghg_scope) as ghg_scope,
    effects.ghg_category,
    effects.basis,
    years.forecast_year,
    sum(
        effects.kgco2e_change
        * coalesce(
            flow_ratios.ratio,
            site_ratios.ratio * coalesce(trends.factor_ratio, 1.0),
            1.0
        )
    ) as kgco2e
from effects
inner join years
    on
        effects.base_year = years.base_year
        and years.forecast_year between effects.first_year and effects.last_year
inner join initiatives
    on effects.initiative_id = initiatives.initiative_id
left join flow_ratios
    on
        effects.facility_id = flow_ratios.facility_id
        and effects.flow_id = flow_ratios.flow_id
        and effects.component = flow_ratios.component
        and effects.basis = flow_ratios.basis
        and years.forecast_year = flow_ratios.forecast_year
left join site_ratios
    on
        effects.facility_id = site_ratios.facility_id
        and effects.basis = site_ratios.basis
        and years.forecast_year = site_ratios.forecast_year
left join trends
    on
        effects.facility_id = trends.facility_id
        and effects.flow_id = trends.flow_id
        and effects.component = trends.component
        and effects.basis = trends.basis
        and years.forecast_year = trends.forecast_year
group by
    effects.initiative_id,
    effects.facility_id,
    effects.ghg_category,
    effects.basis,
    years.forecast_year
