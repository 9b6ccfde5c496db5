-- One row per activity datum, in the canonical unit of its flow.

with readings as (

    select * from {{ ref('int_readings') }}

),

units as (

    select * from {{ ref('int_flow_units') }}

),

processes as (

    select * from {{ ref('stg_company__processes') }}

),

facilities as (

    select * from {{ ref('stg_company__facilities') }}

),

suppliers as (

    select * from {{ ref('int_suppliers_with_factors') }}

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
    units.flow_kind,
    readings.direction,
    readings.period_month,
    -- transport of sold goods belongs to the products on its document
    case
        when
            processes.process_type = 'non_product'
            and units.flow_kind in ('freight_outbound', 'freight_outbound_paid')
            and readings.document_no is not null
            then readings.source_file || '#' || readings.document_no
        else ''
    end as freight_document,
    suppliers.supplier_id,
    coalesce(suppliers.supplier_id, '') as supplier_key,
    facilities.consolidation_share,

    -- how much
    readings.value_text,
    readings.cell_value,
    readings.unit_text,
    readings.sign_multiplier * units.units_per_unit_text as units_per_cell_unit,
    readings.cell_value * readings.sign_multiplier * units.units_per_unit_text as quantity,
    units.unit_code
from readings
left join units
    on
        readings.flow_id = units.flow_id
        and readings.unit_text = units.unit_text
left join processes
    on readings.process_id = processes.process_id
left join facilities
    on readings.facility_id = facilities.facility_id
left join suppliers
    on
        readings.flow_id = suppliers.flow_id
        and readings.supplier_id = suppliers.supplier_id
where {{ is_activity('readings.') }}
