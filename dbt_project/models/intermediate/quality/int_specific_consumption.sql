-- One row per process, flow it takes and month: what it took per unit of its output, and what it
-- used to take in the 24 months before, once twelve of them are known (method R20).

with exchanges as (

    select * from {{ ref('int_system_exchanges') }}
    where process_type <> 'non_product'

),

tolerances as (

    select * from {{ ref('stg_company__tolerances') }}
    where rule_id = 'specific_consumption'

),

made as (

    select * from {{ ref('int_process_outputs') }}

),

taken as (

    select
        exchanges.facility_id,
        exchanges.process_id,
        exchanges.flow_id,
        exchanges.period_month,
        max(exchanges.unit_code) as unit_code,
        max(made.output_unit_code) as output_unit_code,
        sum(exchanges.quantity) / max(made.output_quantity) as specific_quantity
    from exchanges
    inner join made
        on
            exchanges.process_id = made.process_id
            and exchanges.period_month = made.period_month
    where
        exchanges.direction = 'input'
        and made.output_quantity > 0.0
    group by
        exchanges.facility_id,
        exchanges.process_id,
        exchanges.flow_id,
        exchanges.period_month

),

history as (

    select
        taken.process_id,
        taken.flow_id,
        taken.period_month,
        earlier.specific_quantity
    from taken
    inner join taken as earlier
        on
            taken.process_id = earlier.process_id
            and taken.flow_id = earlier.flow_id
            and taken.output_unit_code = earlier.output_unit_code
            and taken.period_month > earlier.period_month
            and {{ months_later(-24, 'taken.period_month') }} <= earlier.period_month

),

medians as (

    select
        process_id,
        flow_id,
        period_month,
        count(*) as history_count,
        percentile_cont(0.5) within group (order by specific_quantity) as median_quantity
    from history
    group by process_id, flow_id, period_month
    having count(*) >= 12

),

-- 1.4826 x the median absolute deviation is the standard deviation of a normal distribution
spreads as (

    select
        history.process_id,
        history.flow_id,
        history.period_month,
        1.4826 * percentile_cont(0.5) within group (
            order by abs(history.specific_quantity - medians.median_quantity)
        ) as robust_deviation
    from history
    inner join medians
        on
            history.process_id = medians.process_id
            and history.flow_id = medians.flow_id
            and history.period_month = medians.period_month
    group by history.process_id, history.flow_id, history.period_month

),

compared as (

    select
        taken.facility_id,
        taken.process_id,
        taken.flow_id,
        taken.period_month,
        taken.unit_code,
        taken.output_unit_code,
        taken.specific_quantity,
        medians.history_count,
        medians.median_quantity,
        spreads.robust_deviation,
        coalesce(of_flow.tolerance_share, of_rule.tolerance_share) as tolerance_share
    from taken
    inner join medians
        on
            taken.process_id = medians.process_id
            and taken.flow_id = medians.flow_id
            and taken.period_month = medians.period_month
    inner join spreads
        on
            taken.process_id = spreads.process_id
            and taken.flow_id = spreads.flow_id
            and taken.period_month = spreads.period_month
    left join tolerances as of_flow
        on taken.flow_id = of_flow.flow_id
    left join tolerances as of_rule
        on of_rule.flow_id is null

)

select
    facility_id,
    process_id,
    flow_id,
    period_month,
    unit_code,
    output_unit_code,
    specific_quantity,
    history_count,
    median_quantity,
    (specific_quantity - median_quantity) / nullif(robust_deviation, 0.0) as robust_z,
    tolerance_share,
    -- a process that hardly varies is not unusual for the last digits: the stated tolerance, if
    -- there is one, must be passed as well
    abs(specific_quantity - median_quantity) > 3.5 * robust_deviation
    and abs(specific_quantity - median_quantity)
    > (coalesce(tolerance_share, 0.0) + 1e-9) * abs(median_quantity) as is_unusual
from compared
