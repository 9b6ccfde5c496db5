-- One row per month, site, flow, component and supplier: what one canonical unit emits,
-- location- and market-based side by side.

{{ replace_partitions() }}

with mix as (

    select * from {{ ref('int_factor_mix') }}
    where {{ in_stale_months('period_month') }}

),

factors as (

    select * from {{ ref('int_emission_factors') }}

),

market as (

    select
        period_month,
        facility_id,
        flow_id,
        component,
        supplier_key,
        sum(share * kgco2e_per_unit) as market_based_kgco2e_per_unit
    from mix
    where basis = 'market_based'
    group by period_month, facility_id, flow_id, component, supplier_key

)

select
    mix.period_month,
    mix.facility_id,
    mix.flow_id,
    mix.component,
    mix.supplier_key,
    mix.factor_version_id,
    mix.match_level,
    {% for column in gas_columns() -%}
        factors.{{ column }}
        * mix.calorific_ratio
        {% if column == 'co2_fossil_kg' -%} * mix.carbon_ratio {% endif -%}
            as {{ column }}_per_unit,
    {% endfor -%}
    mix.kgco2e_per_unit as location_based_kgco2e_per_unit,
    market.market_based_kgco2e_per_unit
from mix
left join factors
    on
        mix.factor_version_id = factors.factor_version_id
        and mix.component = factors.component
left join market
    on
        mix.period_month = market.period_month
        and mix.facility_id = market.facility_id
        and mix.flow_id = market.flow_id
        and mix.component = market.component
        and mix.supplier_key = market.supplier_key
where mix.basis = 'location_based'
