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

made_in_the_stage as (

    select
        facility_id,
        stage_code,
        period_month,
        flow_id,
        sum(case when direction = 'output' then quantity_kg end) as made_kg,
        coalesce(sum(case when direction = 'input' then quantity_kg end), 0.0) as taken_kg
    from exchanges
    where flow_kind in ('intermediate', 'product')
    group by facility_id, stage_code, period_month, flow_id

),

left_the_stage as (

    select
        facility_id,
        stage_code,
        period_month,
        -- what another process of the stage takes in has not left the stage; more may be taken
        -- than was made when it comes from stock
        sum(case when made_kg > taken_kg then made_kg - taken_kg else 0.0 end) as output_kg
    from made_in_the_stage
    where made_kg is not null
    group by facility_id, stage_code, period_month

)

select
    emissions.facility_id
    || '/' || emissions.stage_code
    || '/' || substr(cast(emissions.period_month as string), 1, 7)
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
