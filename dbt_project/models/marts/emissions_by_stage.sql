-- One row per site, stage, month and inventory category.

{{ replace_partitions() }}

with processes as (

    select * from {{ ref('emissions_by_process') }}
    where {{ in_stale_months('period_month') }}

),

emissions as (

    select
        facility_id,
        stage_code,
        period_month,
        ghg_scope,
        scope3_category,
        ghg_category,
        gwp_set,
        {% for column in gas_columns() -%}
            sum({{ column }}) as {{ column }},
        {% endfor -%}
        sum(location_based_kgco2e) as location_based_kgco2e,
        sum(market_based_kgco2e) as market_based_kgco2e,
        sum(missing_factor_count) as missing_factor_count
    from processes
    group by
        facility_id,
        stage_code,
        period_month,
        ghg_scope,
        scope3_category,
        ghg_category,
        gwp_set

),

left_the_stage as (

    select
        activities.facility_id,
        activities.stage_code,
        activities.period_month,
        sum(activities.quantity_kg) as output_kg
    from {{ ref('int_activities') }} as activities
    where
        {{ in_stale_months('activities.period_month') }}
        and activities.direction = 'output'
        and activities.flow_kind in ('intermediate', 'product')
        -- what another process of the stage takes in has not left the stage
        and not exists (
            select 1
            from {{ ref('int_activities') }} as taken
            where
                taken.direction = 'input'
                and {{ in_stale_months('taken.period_month') }}
                and taken.flow_id = activities.flow_id
                and taken.facility_id = activities.facility_id
                and taken.stage_code = activities.stage_code
                and taken.period_month = activities.period_month
        )
    group by
        activities.facility_id,
        activities.stage_code,
        activities.period_month

)

select
    emissions.facility_id
    || '/' || emissions.stage_code
    || '/' || substr(cast(emissions.period_month as varchar), 1, 7)
    || '/' || emissions.ghg_category as result_id,
    emissions.facility_id,
    emissions.stage_code,
    emissions.period_month,
    emissions.ghg_scope,
    emissions.scope3_category,
    emissions.ghg_category,
    {% for column in gas_columns() -%}
        emissions.{{ column }},
    {% endfor -%}
    emissions.gwp_set,
    emissions.location_based_kgco2e,
    emissions.market_based_kgco2e,
    left_the_stage.output_kg,
    emissions.location_based_kgco2e / nullif(left_the_stage.output_kg, 0.0)
        as intensity_kgco2e_per_kg,
    cast(emissions.missing_factor_count as integer) as missing_factor_count
from emissions
left join left_the_stage
    on
        emissions.facility_id = left_the_stage.facility_id
        and emissions.stage_code = left_the_stage.stage_code
        and emissions.period_month = left_the_stage.period_month
