-- One row per balance, place and month: what went in, what came out, and why nothing can be said.
-- Balances that need no solved product system; tolerances are applied in marts.process_balances.

with balances as (

    select * from {{ ref('int_material_balances') }}
    union all
    select * from {{ ref('int_electricity_balances') }}
    union all
    select * from {{ ref('int_utility_balances') }}
    union all
    select * from {{ ref('int_stock_balances') }}

)

select
    balance,
    rule_id,
    facility_id,
    process_id,
    flow_id,
    period_month,
    unit_code,
    input_quantity,
    output_quantity,
    stock_change_quantity,
    is_one_sided,
    reason,
    reason_flow_id
from balances
