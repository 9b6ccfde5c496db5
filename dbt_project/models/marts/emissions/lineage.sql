-- One row per result, basis, cell and factor version: coefficient × cell value = its part.
-- A view: cells, figures and factors are kept, and what they say together is worked out for whoever
-- asks. The key comes from the figures, so that who asks for one figure reads that one's cells.
-- On a cluster a table, for what is read from there is read as Parquet.

{{ config(materialized='table' if target.type == 'spark' else 'view') }}

with figures as (

    select * from {{ ref('emissions_by_process') }}

),

activities as (

    select * from {{ ref('int_activities') }}

),

required as (

    select * from {{ ref('int_required_components') }}

),

mix as (

    select * from {{ ref('int_factor_mix') }}

)

select
    figures.result_id,
    mix.basis,
    activities.facility_id,
    activities.process_id,
    activities.period_month,
    activities.flow_id,
    required.component,
    activities.round,
    activities.hand_in,
    activities.source_file,
    activities.source_sha256,
    activities.source_sheet,
    activities.source_cell,
    activities.multiplier_cell,
    activities.freight_document,
    mix.measured_cell,
    activities.value_text,
    activities.cell_value,
    activities.unit_text,
    mix.factor_version_id,
    mix.match_level,
    mix.part as mix_part,
    mix.share as mix_share,
    activities.units_per_cell_unit
    * activities.consolidation_share
    * mix.share
    * mix.kgco2e_per_unit as coefficient_kgco2e_per_cell_unit,
    activities.cell_value
    * activities.units_per_cell_unit
    * activities.consolidation_share
    * mix.share
    * mix.kgco2e_per_unit as part_kgco2e
from figures
inner join activities
    on
        figures.facility_id = activities.facility_id
        and figures.process_id = activities.process_id
        and figures.period_month = activities.period_month
inner join required
    on
        activities.flow_id = required.flow_id
        and figures.ghg_category = required.ghg_category
inner join mix
    on
        activities.period_month = mix.period_month
        and activities.facility_id = mix.facility_id
        and activities.flow_id = mix.flow_id
        and activities.supplier_key = mix.supplier_key
        and required.component = mix.component
