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

exchanges as (

    select * from {{ ref('int_process_exchanges') }}
    where {{ in_stale_months('period_month') }}

),

left_the_stage as (

    select
        given.facility_id,
        given.stage_code,
        given.period_month,
        sum(given.quantity_kg) as output_kg
    from exchanges as given
    -- what another process of the stage takes in has not left the stage
    left join exchanges as taken
        on
            given.facility_id = taken.facility_id
            and given.stage_code = taken.stage_code
            and given.period_month = taken.period_month
            and given.flow_id = taken.flow_id
            and taken.direction = 'input'
    where
        given.direction = 'output'
        and given.flow_kind in ('intermediate', 'product')
        and taken.flow_id is null
    group by given.facility_id, given.stage_code, given.period_month

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
