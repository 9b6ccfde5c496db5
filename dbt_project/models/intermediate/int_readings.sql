-- One row per accepted reading in force: the newest accepted hand-in of a month counts.

with stages as (

    select * from {{ ref('stg_stages__readings') }}

),

erp as (

    select * from {{ ref('stg_erp__records') }}

),

in_force as (

    select * from {{ ref('stg_control__in_force') }}

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
inner join in_force
    on
        readings.hand_in = in_force.hand_in
        and readings.round = in_force.round
        and readings.revision = in_force.revision
        and readings.period_month = in_force.period_month
