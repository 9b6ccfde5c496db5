-- One row per factor version and component, per canonical unit of its flow.
-- The upstream part of electricity is its life-cycle factor less its generation factor of
-- the same place, technology and data year (method R39), unless it is published itself. Losses of
-- the grid are a loss rate times each generation factor of its place, unless published as gases.

{{ config(materialized='table') }}

with versions as (

    select * from {{ ref('stg_factors__versions') }}

),

gases as (

    select * from {{ ref('int_factor_gases') }}

),

per_unit as (

    select
        factor_version_id,
        {% for column, condition in gas_columns().items() -%}
            sum(case when {{ condition }} then kg_per_unit else 0.0 end) as {{ column }},
        {% endfor -%}
        case
            when count(*) = count(kgco2e_per_unit) then sum(kgco2e_per_unit)
        end as kgco2e_per_unit
    from gases
    group by factor_version_id

),

published as (

    select
        versions.factor_version_id,
        versions.flow_id,
        versions.boundary as component,
        coalesce(versions.basis, 'both') as basis,
        coalesce(versions.technology, '') as technology,
        coalesce(versions.geography, 'GLO') as geography,
        versions.supplier_id,
        versions.data_geography,
        versions.technology_match,
        versions.data_year,
        versions.valid_from,
        versions.valid_to,
        versions.library_priority,
        versions.is_energy_based,
        versions.tj_per_flow_unit,
        versions.carbon_content_tc_per_tj,
        versions.oxidation_fraction,
        versions.loss_rate,
        false as is_derived,
        {% for column in gas_columns() -%}
            per_unit.{{ column }},
        {% endfor -%}
        per_unit.kgco2e_per_unit
    from versions
    left join per_unit
        on versions.factor_version_id = per_unit.factor_version_id

),

derived as (

    select
        life_cycle.factor_version_id || ' - ' || generation.factor_version_id
            as factor_version_id,
        life_cycle.flow_id,
        'upstream' as component,
        'both' as basis,
        life_cycle.technology,
        life_cycle.geography,
        life_cycle.supplier_id,
        life_cycle.data_geography,
        life_cycle.technology_match,
        life_cycle.data_year,
        life_cycle.valid_from,
        life_cycle.valid_to,
        life_cycle.library_priority,
        false as is_energy_based,
        life_cycle.tj_per_flow_unit,
        null as carbon_content_tc_per_tj,
        null as oxidation_fraction,
        null as loss_rate,
        true as is_derived,
        {% for column in gas_columns() if column != 'unsplit_kgco2e' -%}
            0.0 as {{ column }},
        {% endfor -%}
        life_cycle.kgco2e_per_unit - generation.kgco2e_per_unit as unsplit_kgco2e,
        life_cycle.kgco2e_per_unit - generation.kgco2e_per_unit as kgco2e_per_unit
    from published as life_cycle
    inner join published as generation
        on
            life_cycle.flow_id = generation.flow_id
            and life_cycle.geography = generation.geography
            and life_cycle.technology = generation.technology
            and life_cycle.data_year = generation.data_year
            and coalesce(life_cycle.supplier_id, '') = coalesce(generation.supplier_id, '')
    where
        life_cycle.component = 'life_cycle'
        and generation.component = 'generation'
        -- the residual mix is no partner of an average life-cycle factor
        and (generation.basis != 'market' or generation.technology != '')

),

-- a rate of the country holds for each of its provinces and grid regions
places as (

    select
        subdivision as geography,
        country as wider_geography,
        1 as distance
    from {{ ref('stg_company__facilities') }}
    union
    select
        grid_region as geography,
        country as wider_geography,
        1 as distance
    from {{ ref('stg_company__facilities') }}
    union
    select
        facility_id as geography,
        country as wider_geography,
        1 as distance
    from {{ ref('stg_company__facilities') }}
    union
    select
        geography,
        geography as wider_geography,
        0 as distance
    from published
    union
    select
        geography,
        'GLO' as wider_geography,
        2 as distance
    from published

),

rates as (

    select
        generation.factor_version_id as generation_id,
        rate.factor_version_id as rate_id,
        rate.loss_rate,
        rate.valid_from as rate_from,
        rate.valid_to as rate_to,
        rate.library_priority as rate_priority,
        rank() over (
            partition by generation.factor_version_id
            order by min(places.distance) asc
        ) as choice
    from published as generation
    inner join places
        on generation.geography = places.geography
    inner join published as rate
        on
            generation.flow_id = rate.flow_id
            and places.wider_geography = rate.geography
            and (generation.valid_to is null or generation.valid_to > rate.valid_from)
            and (rate.valid_to is null or generation.valid_from < rate.valid_to)
    where
        generation.component = 'generation'
        and rate.component = 'losses'
        and rate.loss_rate is not null
    group by
        generation.factor_version_id,
        rate.factor_version_id,
        rate.loss_rate,
        rate.valid_from,
        rate.valid_to,
        rate.library_priority

),

losses as (

    select
        rates.rate_id || ' × ' || generation.factor_version_id as factor_version_id,
        generation.flow_id,
        'losses' as component,
        generation.basis,
        generation.technology,
        generation.geography,
        generation.supplier_id,
        generation.data_geography,
        generation.technology_match,
        generation.data_year,
        greatest(rates.rate_from, generation.valid_from) as valid_from,
        case
            when rates.rate_to is null then generation.valid_to
            when generation.valid_to is null then rates.rate_to
            else least(rates.rate_to, generation.valid_to)
        end as valid_to,
        rates.rate_priority as library_priority,
        false as is_energy_based,
        generation.tj_per_flow_unit,
        null as carbon_content_tc_per_tj,
        null as oxidation_fraction,
        null as loss_rate,
        true as is_derived,
        {% for column in gas_columns() -%}
            rates.loss_rate * generation.{{ column }} as {{ column }},
        {% endfor -%}
        rates.loss_rate * generation.kgco2e_per_unit as kgco2e_per_unit
    from rates
    inner join published as generation
        on rates.generation_id = generation.factor_version_id
    where
        rates.choice = 1
        and generation.component = 'generation'

),

all_factors as (

    select * from published
    -- a rate has no gases of its own
    where loss_rate is null
    union all
    select * from derived
    union all
    select * from losses

)

select
    factor_version_id,
    flow_id,
    component,
    basis,
    technology,
    geography,
    supplier_id,
    data_geography,
    technology_match,
    data_year,
    valid_from,
    valid_to,
    library_priority,
    is_energy_based,
    tj_per_flow_unit,
    carbon_content_tc_per_tj,
    oxidation_fraction,
    is_derived,
    {% for column in gas_columns() -%}
        {{ column }},
    {% endfor -%}
    kgco2e_per_unit
from all_factors
