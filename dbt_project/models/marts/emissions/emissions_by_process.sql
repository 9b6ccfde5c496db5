-- One row per site, stage, process, month and inventory category.

{{ replace_partitions() }}

with emissions as (

    select
        facility_id,
        stage_code,
        process_id,
        period_month,
        ghg_category,
        {% for column in gas_columns() -%}
            sum({{ column }}) as {{ column }},
        {% endfor -%}
        sum(location_based_kgco2e) as location_based_kgco2e,
        sum(market_based_kgco2e) as market_based_kgco2e,
        sum(case when is_factor_missing then activity_count else 0 end) as missing_factor_count
    from {{ ref('int_emissions') }}
    where {{ in_stale_months('period_month') }}
    group by facility_id, stage_code, process_id, period_month, ghg_category

),

output as (

    select
        process_id,
        period_month,
        sum(quantity_kg) as output_kg
    from {{ ref('int_process_exchanges') }}
    where
        {{ in_stale_months('period_month') }}
        and direction = 'output'
        and flow_kind in ('intermediate', 'product')
    group by process_id, period_month

),

categories as (

    select * from {{ ref('ghg_categories') }}

),

gwp as (

    select max(gwp_set) as gwp_set
    from {{ ref('int_gwp') }}

)

select
    emissions.process_id
    || '/' || substr(cast(emissions.period_month as string), 1, 7)
    || '/' || emissions.ghg_category as result_id,
    emissions.facility_id,
    emissions.stage_code,
    emissions.process_id,
    emissions.period_month,
    categories.ghg_scope,
    categories.scope3_category,
    emissions.ghg_category,
    {% for column in gas_columns() -%}
        emissions.{{ column }},
    {% endfor -%}
    gwp.gwp_set,
    emissions.location_based_kgco2e,
    emissions.market_based_kgco2e,
    output.output_kg,
    emissions.location_based_kgco2e / nullif(output.output_kg, 0.0)
        as intensity_kgco2e_per_kg,
    cast(emissions.missing_factor_count as integer) as missing_factor_count
from emissions
cross join gwp
left join categories
    on emissions.ghg_category = categories.ghg_category
left join output
    on
        emissions.process_id = output.process_id
        and emissions.period_month = output.period_month
