-- One row per target and year: what the target is about, as measured in full calendar years and as
-- forecast later; beside it what the newest release reported.

{{ config(materialized='table') }}

with targets as (

    select * from {{ ref('stg_company__targets') }}

),

years as (

    select * from {{ ref('int_forecast_years') }}

),

emissions as (

    select * from {{ ref('emissions_forecast') }}

),

reported as (

    select * from {{ ref('stg_control__reported_figures') }}

),

product_periods as (

    select * from {{ ref('int_product_periods') }}
    where length(reference_period) = 4

),

production as (

    select * from {{ ref('int_planned_production') }}

),

facilities as (

    select * from {{ ref('stg_company__facilities') }}

),

-- what counts for a target of the inventory
counted as (

    select
        targets.target_id,
        emissions.inventory_year,
        max(emissions.is_forecast) as is_forecast,
        sum(emissions.kgco2e) as kgco2e
    from targets
    inner join emissions
        on
            targets.basis = emissions.basis
            and (targets.facility_id is null or targets.facility_id = emissions.facility_id)
            and targets.scopes like '%;' || cast(emissions.ghg_scope as string) || ';%'
            and (
                targets.categories is null
                or targets.categories like '%;' || emissions.ghg_category || ';%'
            )
    where targets.product_id is null
    group by targets.target_id, emissions.inventory_year

),

counted_as_reported as (

    select
        targets.target_id,
        reported.reported_year as inventory_year,
        max(reported.release) as release,
        sum(reported.kgco2e) as kgco2e
    from targets
    inner join reported
        on
            targets.basis = reported.basis
            and (targets.facility_id is null or targets.facility_id = reported.facility_id)
            and targets.scopes like '%;' || cast(reported.ghg_scope as string) || ';%'
            and (
                targets.categories is null
                or targets.categories like '%;' || reported.ghg_category || ';%'
            )
    where
        targets.product_id is null
        and reported.product_id is null
    group by targets.target_id, reported.reported_year

),

-- kilograms of products that a site made, its share in the inventory
made as (

    select
        product_periods.facility_id,
        product_periods.product_id,
        cast(product_periods.reference_period as integer) as inventory_year,
        product_periods.market_weight
        * product_periods.made_kg
        * facilities.consolidation_share as made_kg
    from product_periods
    inner join facilities
        on product_periods.facility_id = facilities.facility_id

),

outputs as (

    select
        facility_id,
        inventory_year,
        made_kg
    from made
    where inventory_year <= (select max(years.base_year) from years)
    union all
    select
        made.facility_id,
        production.forecast_year as inventory_year,
        made.made_kg * production.production_ratio as made_kg
    from made
    inner join years
        on made.inventory_year = years.base_year
    inner join production
        on
            made.product_id = production.product_id
            and years.forecast_year = production.forecast_year
    where production.forecast_year > years.base_year

),

outputs_of_targets as (

    select
        targets.target_id,
        outputs.inventory_year,
        sum(outputs.made_kg) as made_kg
    from targets
    inner join outputs
        on targets.facility_id is null or targets.facility_id = outputs.facility_id
    where targets.kind = 'intensity'
    group by targets.target_id, outputs.inventory_year

),

footprints as (

    select * from {{ ref('product_footprints') }}
    where
        method = 'cut_off'
        and boundary = 'cradle_to_gate'
        and length(reference_period) = 4

),

contributions as (

    select
        contributions.product_id,
        processes.facility_id,
        contributions.flow_id,
        contributions.component,
        sum(contributions.location_based_kgco2e_per_declared_unit) as location_based,
        sum(contributions.market_based_kgco2e_per_declared_unit) as market_based
    from {{ ref('product_contributions') }} as contributions
    inner join years
        on
            contributions.reference_period = years.base_period
            and years.forecast_year = years.base_year
    left join {{ ref('stg_company__processes') }} as processes
        on contributions.process_id = processes.process_id
    where
        contributions.method = 'cut_off'
        and contributions.life_cycle_stage in ('raw_material_acquisition', 'manufacture')
    group by
        contributions.product_id,
        processes.facility_id,
        contributions.flow_id,
        contributions.component

),

trends as (

    select * from {{ ref('int_factor_trends') }}

),

-- what initiatives change of a declared unit, all together: savings that overlap count once, and
-- move with what becomes of the factor of what they save
product_effects as (

    select
        product_periods.product_id,
        effects.basis,
        forecast.forecast_year,
        sum(
            product_periods.market_weight
            * effects.kgco2e_per_unit_change
            * coalesce(trends.factor_ratio, 1.0)
            / product_periods.declared_units_per_unit
        ) as kgco2e_change
    from product_periods
    inner join years
        on
            product_periods.reference_period = years.base_period
            and years.forecast_year = years.base_year
    inner join {{ ref('stg_reduction__product_years') }} as effects
        on
            product_periods.flow_id = effects.flow_id
            and product_periods.facility_id = effects.facility_id
            and years.base_year = effects.base_year
    inner join years as forecast
        on forecast.forecast_year between effects.first_year and effects.last_year
    left join trends
        on
            effects.emitting_facility_id = trends.facility_id
            and effects.emitting_flow_id = trends.flow_id
            and effects.component = trends.component
            and effects.basis = trends.basis
            and forecast.forecast_year = trends.forecast_year
    group by product_periods.product_id, effects.basis, forecast.forecast_year

),

products as (

    select
        targets.target_id,
        cast(footprints.reference_period as integer) as inventory_year,
        false as is_forecast,
        footprints.kgco2e_per_declared_unit as kgco2e,
        footprints.declared_unit
    from targets
    inner join footprints
        on
            targets.product_id = footprints.product_id
            and targets.basis = footprints.basis
    where
        cast(footprints.reference_period as integer) <= (select max(years.base_year) from years)
        and footprints.month_count = 12
    union all
    select
        targets.target_id,
        years.forecast_year as inventory_year,
        true as is_forecast,
        sum(
            case
                when targets.basis = 'location_based' then contributions.location_based
                else contributions.market_based
            end
            * coalesce(trends.factor_ratio, 1.0)
        )
        + coalesce(max(product_effects.kgco2e_change), 0.0) as kgco2e,
        max(footprints.declared_unit) as declared_unit
    from targets
    inner join contributions
        on targets.product_id = contributions.product_id
    cross join years
    left join trends
        on
            contributions.facility_id = trends.facility_id
            and contributions.flow_id = trends.flow_id
            and contributions.component = trends.component
            and targets.basis = trends.basis
            and years.forecast_year = trends.forecast_year
    left join product_effects
        on
            targets.product_id = product_effects.product_id
            and targets.basis = product_effects.basis
            and years.forecast_year = product_effects.forecast_year
    left join footprints
        on
            targets.product_id = footprints.product_id
            and targets.basis = footprints.basis
            and years.base_period = footprints.reference_period
    where years.forecast_year > years.base_year
    group by targets.target_id, years.forecast_year

),

together as (

    select
        counted.target_id,
        counted.inventory_year,
        counted.is_forecast,
        case
            when targets.kind = 'intensity'
                then counted.kgco2e / nullif(outputs_of_targets.made_kg, 0.0)
            else counted.kgco2e
        end as value,
        counted_as_reported.release,
        case
            when targets.kind = 'intensity'
                then counted_as_reported.kgco2e / nullif(outputs_of_targets.made_kg, 0.0)
            else counted_as_reported.kgco2e
        end as reported_value,
        case when targets.kind = 'intensity' then 'kgCO2e per kg' else 'kgCO2e' end as unit
    from counted
    inner join targets
        on counted.target_id = targets.target_id
    left join outputs_of_targets
        on
            counted.target_id = outputs_of_targets.target_id
            and counted.inventory_year = outputs_of_targets.inventory_year
    left join counted_as_reported
        on
            counted.target_id = counted_as_reported.target_id
            and counted.inventory_year = counted_as_reported.inventory_year
    union all
    select
        products.target_id,
        products.inventory_year,
        products.is_forecast,
        products.kgco2e as value,
        reported.release,
        reported.kgco2e as reported_value,
        'kgCO2e per ' || products.declared_unit as unit
    from products
    inner join targets
        on products.target_id = targets.target_id
    left join reported
        on
            targets.product_id = reported.product_id
            and targets.basis = reported.basis
            and products.inventory_year = reported.reported_year

)

select
    target_id,
    inventory_year,
    is_forecast,
    -- a measured year counts as it was reported, once it was
    case when is_forecast then value else coalesce(reported_value, value) end as value,
    unit,
    case when not is_forecast and reported_value is not null then release end as release
from together
where value is not null
