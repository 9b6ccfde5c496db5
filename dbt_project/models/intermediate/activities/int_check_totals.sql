-- One row per place, month, hand-in, meter and role of what was read to check: registers of
-- meters, stocks, and totals that were stated a second time.

{{ replace_partitions() }}

with typed as (

    select
        facility_id,
        process_id,
        flow_id,
        direction,
        period_month,
        role,
        hand_in,
        coalesce(meter_id, '') as meter_id,
        data_method,
        unit_text,
        sum(cell_value * sign_multiplier) as typed_quantity
    from {{ ref('int_readings') }}
    where
        {{ in_stale_months('period_month') }}
        and role in ('check', 'meter_start', 'meter_end', 'stock_open', 'stock_close')
        and direction in ('input', 'output')
        and cell_value is not null
    group by
        facility_id,
        process_id,
        flow_id,
        direction,
        period_month,
        role,
        hand_in,
        meter_id,
        data_method,
        unit_text

),

units as (

    select * from {{ ref('int_flow_units') }}

)

select
    typed.facility_id,
    typed.process_id,
    typed.flow_id,
    units.flow_kind,
    typed.direction,
    typed.period_month,
    typed.role,
    typed.hand_in,
    typed.meter_id,
    typed.data_method,
    sum(typed.typed_quantity * units.units_per_unit_text) as quantity,
    units.unit_code
from typed
left join units
    on
        typed.flow_id = units.flow_id
        and typed.unit_text = units.unit_text
group by
    typed.facility_id,
    typed.process_id,
    typed.flow_id,
    units.flow_kind,
    typed.direction,
    typed.period_month,
    typed.role,
    typed.hand_in,
    typed.meter_id,
    typed.data_method,
    units.unit_code
