-- One row per process, flow, direction and month that was also reported a year before: how far the
-- quantity moved, as a share of last year's.

with exchanges as (

    select
        facility_id,
        process_id,
        flow_id,
        direction,
        period_month,
        max(unit_code) as unit_code,
        sum(quantity) as quantity
    from {{ ref('int_system_exchanges') }}
    group by facility_id, process_id, flow_id, direction, period_month

),

tolerances as (

    select * from {{ ref('stg_company__tolerances') }}
    where rule_id = 'year_on_year'

),

compared as (

    select
        exchanges.facility_id,
        exchanges.process_id,
        exchanges.flow_id,
        exchanges.direction,
        exchanges.period_month,
        exchanges.unit_code,
        exchanges.quantity,
        a_year_before.quantity as quantity_a_year_before,
        -- nothing last year gives no share: a source that starts is no jump
        (exchanges.quantity - a_year_before.quantity)
        / nullif(abs(a_year_before.quantity), 0.0) as change_share,
        coalesce(of_flow.tolerance_share, of_rule.tolerance_share) as tolerance_share
    from exchanges
    inner join exchanges as a_year_before
        on
            exchanges.process_id = a_year_before.process_id
            and exchanges.flow_id = a_year_before.flow_id
            and exchanges.direction = a_year_before.direction
            and cast({{ months_later(-12, 'exchanges.period_month') }} as date)
            = a_year_before.period_month
    left join tolerances as of_flow
        on exchanges.flow_id = of_flow.flow_id
    left join tolerances as of_rule
        on of_rule.flow_id is null

)

select
    facility_id,
    process_id,
    flow_id,
    direction,
    period_month,
    unit_code,
    quantity,
    quantity_a_year_before,
    change_share,
    tolerance_share,
    coalesce(abs(change_share) > tolerance_share + 1e-9, false) as is_jump
from compared
