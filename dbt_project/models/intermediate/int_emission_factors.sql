-- One row per factor version and component, per canonical unit of its flow.
-- The upstream part of electricity is its life-cycle factor less its generation factor of
-- the same place, technology and data year (METHOD R39), unless it is published itself.

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

all_factors as (

    select * from published
    union all
    select * from derived

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
    is_derived,
    {% for column in gas_columns() -%}
        {{ column }},
    {% endfor -%}
    kgco2e_per_unit
from all_factors
