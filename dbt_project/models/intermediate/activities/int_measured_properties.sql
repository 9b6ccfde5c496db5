-- One row per site, flow, property and month in which the plant measured it itself.

with readings as (

    select * from {{ ref('int_readings') }}

),

conversions as (

    select * from {{ ref('stg_units__conversions') }}

)

select
    readings.round,
    readings.hand_in,
    readings.source_file,
    readings.source_sheet,
    readings.source_cell,
    readings.facility_id,
    readings.process_id,
    readings.flow_id,
    readings.property,
    readings.period_month,
    readings.cell_value * readings.sign_multiplier * conversions.multiplier
        as property_value,
    conversions.unit_code as property_unit_code,
    readings.value_text || ' ' || readings.unit_text as measured_text,
    {{ cell_address('readings') }} as measured_cell
from readings
left join conversions
    on
        readings.flow_id = conversions.flow_id
        and readings.property = conversions.property
        and readings.unit_text = conversions.unit_text
where
    readings.direction = 'property'
    and readings.cell_value is not null
