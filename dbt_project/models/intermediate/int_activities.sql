-- One row per activity datum, in the canonical unit of its flow.

with readings as (

    select * from {{ ref('int_readings') }}

),

conversions as (

    select * from {{ ref('stg_units__conversions') }}

),

flows as (

    select * from {{ ref('stg_company__flows') }}

),

processes as (

    select * from {{ ref('stg_company__processes') }}

),

facilities as (

    select * from {{ ref('stg_company__facilities') }}

),

mass_units as (

    select * from {{ ref('mass_units') }}

),

suppliers_with_factors as (

    select distinct
        flow_id,
        supplier_id
    from {{ ref('stg_factors__versions') }}
    where supplier_id is not null

)

select
    -- where it was read
    readings.round,
    readings.hand_in,
    readings.source_file,
    readings.source_sha256,
    readings.source_sheet,
    readings.source_cell,
    readings.multiplier_cell,
    readings.document_no,
    readings.data_method,
    readings.evidence,

    -- what was measured
    readings.facility_id,
    processes.stage_code,
    readings.process_id,
    readings.flow_id,
    flows.flow_kind,
    readings.direction,
    readings.period_month,
    suppliers_with_factors.supplier_id,
    coalesce(suppliers_with_factors.supplier_id, '') as supplier_key,
    facilities.consolidation_share,

    -- how much
    readings.value_text,
    readings.cell_value,
    readings.unit_text,
    readings.sign_multiplier * conversions.multiplier as units_per_cell_unit,
    readings.cell_value * readings.sign_multiplier * conversions.multiplier as quantity,
    flows.unit_code,
    readings.cell_value
    * readings.sign_multiplier
    * conversions.multiplier
    * mass_units.kg_per_unit as quantity_kg
from readings
left join flows
    on readings.flow_id = flows.flow_id
left join conversions
    on
        readings.flow_id = conversions.flow_id
        and readings.unit_text = conversions.unit_text
        and conversions.property = ''
left join processes
    on readings.process_id = processes.process_id
left join facilities
    on readings.facility_id = facilities.facility_id
left join mass_units
    on flows.unit_code = mass_units.unit_code
left join suppliers_with_factors
    on
        readings.flow_id = suppliers_with_factors.flow_id
        and readings.supplier_id = suppliers_with_factors.supplier_id
-- a blank that may be blank states nothing; every other blank was refused by the gate
where
    readings.role = 'activity'
    and readings.direction in ('input', 'output')
    and readings.cell_value is not null
