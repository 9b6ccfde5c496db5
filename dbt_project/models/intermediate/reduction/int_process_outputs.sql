-- One row per process and month: what it made, material where it makes any, else its utility.
-- Outputs in two units have no sum, so such a process has no row.

with exchanges as (

    select * from {{ ref('int_system_exchanges') }}
    where
        direction = 'output'
        and process_type <> 'non_product'

),

outputs as (

    select
        facility_id,
        process_id,
        period_month,
        sum(case when flow_kind in ('intermediate', 'product') then quantity_kg end) as output_kg,
        sum(case when flow_kind = 'utility' then quantity end) as utility_quantity,
        min(case when flow_kind = 'utility' then unit_code end) as utility_unit_code,
        max(case when flow_kind = 'utility' then unit_code end) as last_utility_unit_code
    from exchanges
    group by facility_id, process_id, period_month

)

select
    facility_id,
    process_id,
    period_month,
    case when output_kg > 0.0 then output_kg else utility_quantity end as output_quantity,
    case when output_kg > 0.0 then 'kg' else utility_unit_code end as output_unit_code
from outputs
where output_kg > 0.0 or utility_unit_code = last_utility_unit_code
