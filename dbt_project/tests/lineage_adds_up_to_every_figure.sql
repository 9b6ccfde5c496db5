-- Coefficient × cell, summed, is the figure: for every row and basis built in this run.

{{ config(meta={'dagster': {'ref': {'name': 'lineage'}}}) }}

with stale as (

    select period_month
    from {{ ref('stg_control__build_months') }}
    where is_stale

),

figures as (

    select
        result_id,
        location_based_kgco2e,
        market_based_kgco2e
    from {{ ref('emissions_by_process') }}
    where period_month in (select stale.period_month from stale)

),

parts as (

    select
        result_id,
        sum(
            case when basis = 'location_based' then part_kgco2e else 0.0 end
        ) as location_based_kgco2e,
        sum(
            case when basis = 'market_based' then part_kgco2e else 0.0 end
        ) as market_based_kgco2e
    from {{ ref('lineage') }}
    where period_month in (select stale.period_month from stale)
    group by result_id

)

select
    figures.result_id,
    figures.location_based_kgco2e,
    parts.location_based_kgco2e as location_based_parts_kgco2e,
    figures.market_based_kgco2e,
    parts.market_based_kgco2e as market_based_parts_kgco2e
from figures
left join parts
    on figures.result_id = parts.result_id
where
    parts.result_id is null
    or abs(figures.location_based_kgco2e - parts.location_based_kgco2e)
    > 1e-6 + 1e-9 * abs(figures.location_based_kgco2e)
    or abs(figures.market_based_kgco2e - parts.market_based_kgco2e)
    > 1e-6 + 1e-9 * abs(figures.market_based_kgco2e)
