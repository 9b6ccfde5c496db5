-- One row per accepted reading in force: of each item and month, the newest statement counts.

with stages as (

    select * from {{ ref('stg_stages__readings') }}

),

erp as (

    select * from {{ ref('stg_erp__records') }}

),

in_force as (

    select * from {{ ref('stg_control__in_force') }}

),

superseded as (

    select * from {{ ref('stg_control__superseded') }}

),

readings as (

    select * from stages
    union all
    select * from erp

)

select
    readings.round,
    readings.hand_in,
    readings.revision,
    readings.source_file,
    readings.source_sha256,
    readings.source_sheet,
    readings.source_cell,
    readings.multiplier_cell,
    readings.corrected_from,
    readings.facility_id,
    readings.process_id,
    readings.flow_id,
    readings.direction,
    readings.role,
    readings.property,
    readings.period_month,
    readings.supplier_id,
    readings.meter_id,
    readings.document_no,
    readings.data_method,
    readings.evidence,
    readings.value_text,
    readings.cell_value,
    readings.sign_multiplier,
    readings.unit_text
from readings
where
    exists (
        select in_force.hand_in
        from in_force
        where
            in_force.hand_in = readings.hand_in
            and in_force.round = readings.round
            and in_force.revision = readings.revision
            and in_force.period_month = readings.period_month
    )
    and not exists (
        select superseded.hand_in
        from superseded
        where
            superseded.hand_in = readings.hand_in
            and superseded.round = readings.round
            and superseded.revision = readings.revision
            and superseded.period_month = readings.period_month
            and superseded.facility_id is not distinct from readings.facility_id
            and superseded.process_id is not distinct from readings.process_id
            and superseded.flow_id is not distinct from readings.flow_id
            and superseded.direction is not distinct from readings.direction
            and superseded.property is not distinct from readings.property
            and superseded.role is not distinct from readings.role
            and superseded.supplier_id is not distinct from readings.supplier_id
            and superseded.meter_id is not distinct from readings.meter_id
            and superseded.document_no is not distinct from readings.document_no
    )
