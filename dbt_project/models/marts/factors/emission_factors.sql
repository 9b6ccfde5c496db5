-- One row per factor version that can be met in lineage, per canonical unit of its flow.

with factors as (

    select * from {{ ref('int_emission_factors') }}

),

versions as (

    select * from {{ ref('stg_factors__versions') }}

),

flows as (

    select * from {{ ref('stg_company__flows') }}

),

instruments as (

    select distinct
        factor_version_id,
        flow_id,
        technology,
        source_file,
        source_line,
        claimed_kgco2_per_unit
    from {{ ref('int_instrument_coverage') }}
    where claimed_kgco2_per_unit is not null

),

published as (

    select
        factors.factor_version_id,
        factors.flow_id,
        factors.component,
        factors.basis,
        factors.technology,
        factors.geography,
        factors.supplier_id,
        factors.data_year,
        factors.valid_from,
        factors.valid_to,
        factors.is_derived,
        {% for column in gas_columns() -%}
            factors.{{ column }} as {{ column }}_per_unit,
        {% endfor -%}
        factors.kgco2e_per_unit,
        versions.library,
        versions.edition,
        versions.publisher,
        versions.source_title,
        versions.source_locator,
        versions.licence,
        versions.status,
        versions.source_file,
        versions.source_line,
        versions.note
    from factors
    left join versions
        on factors.factor_version_id = versions.factor_version_id

),

from_instruments as (

    select
        factor_version_id,
        flow_id,
        'generation' as component,
        'market' as basis,
        technology,
        null as geography,
        null as supplier_id,
        null as data_year,
        null as valid_from,
        null as valid_to,
        false as is_derived,
        {% for column in gas_columns() -%}
            {%- if column == 'co2_fossil_kg' -%}
                claimed_kgco2_per_unit
            {%- else -%}
                0.0
            {%- endif %} as {{ column }}_per_unit,
        {% endfor -%}
        claimed_kgco2_per_unit as kgco2e_per_unit,
        'instruments' as library,
        null as edition,
        null as publisher,
        'Certificate or contract on file' as source_title,
        null as source_locator,
        null as licence,
        null as status,
        source_file,
        source_line,
        null as note
    from instruments

),

all_factors as (

    select * from published
    union all
    select * from from_instruments

)

select
    all_factors.factor_version_id,
    all_factors.flow_id,
    flows.unit_code,
    all_factors.component,
    all_factors.basis,
    all_factors.technology,
    all_factors.geography,
    all_factors.supplier_id,
    all_factors.data_year,
    all_factors.valid_from,
    all_factors.valid_to,
    all_factors.is_derived,
    {% for column in gas_columns() -%}
        all_factors.{{ column }}_per_unit,
    {% endfor -%}
    all_factors.kgco2e_per_unit,
    all_factors.library,
    all_factors.edition,
    all_factors.publisher,
    all_factors.source_title,
    all_factors.source_locator,
    all_factors.licence,
    all_factors.status,
    all_factors.source_file,
    all_factors.source_line,
    all_factors.note
from all_factors
left join flows
    on all_factors.flow_id = flows.flow_id
