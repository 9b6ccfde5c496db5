-- One row per balance, place and month: what went in, what came out, and what that says.

{{ replace_partitions() }}

with balances as (

    select * from {{ ref('int_process_balances') }}
    where {{ in_stale_months('period_month') }}
    union all
    select * from {{ ref('int_recycled_balances') }}
    where {{ in_stale_months('period_month') }}

),

tolerances as (

    select * from {{ ref('int_tolerances') }}

),

-- the narrowest line wins: of this process and flow, of this process, of this flow, of the rule;
-- then the default
candidates as (

    select
        balances.balance,
        balances.facility_id,
        balances.process_id,
        balances.flow_id,
        balances.period_month,
        balances.unit_code,
        tolerances.tolerance_share,
        case when tolerances.rule_id = balances.rule_id then 'first' else 'second' end
            as threshold,
        row_number() over (
            partition by
                balances.balance,
                balances.facility_id,
                balances.process_id,
                balances.flow_id,
                balances.period_month,
                balances.unit_code,
                tolerances.rule_id
            order by
                tolerances.is_default,
                case when tolerances.source is null then 1 else 0 end,
                case when tolerances.flow_id is null then 1 else 0 end
        ) as choice
    from balances
    inner join tolerances
        on
            tolerances.rule_id in (balances.rule_id, balances.rule_id || '_critical')
            and coalesce(tolerances.source, balances.process_id) = balances.process_id
            and coalesce(tolerances.flow_id, balances.flow_id) = balances.flow_id

),

thresholds as (

    select
        balance,
        facility_id,
        process_id,
        flow_id,
        period_month,
        unit_code,
        max(case when threshold = 'first' then tolerance_share end) as tolerance_share,
        max(case when threshold = 'second' then tolerance_share end) as critical_tolerance_share
    from candidates
    where choice = 1
    group by balance, facility_id, process_id, flow_id, period_month, unit_code

),

differences as (

    select
        balances.balance,
        balances.rule_id,
        balances.facility_id,
        balances.process_id,
        balances.flow_id,
        balances.period_month,
        balances.unit_code,
        balances.input_quantity,
        balances.output_quantity,
        balances.stock_change_quantity,
        balances.input_quantity - balances.output_quantity - balances.stock_change_quantity
            as difference_quantity,
        (balances.input_quantity - balances.output_quantity - balances.stock_change_quantity)
        / coalesce(nullif(balances.input_quantity, 0.0), nullif(balances.output_quantity, 0.0))
            as difference_share,
        balances.is_one_sided,
        balances.reason,
        balances.reason_flow_id,
        thresholds.tolerance_share,
        thresholds.critical_tolerance_share
    from balances
    left join thresholds
        on
            balances.balance = thresholds.balance
            and balances.facility_id = thresholds.facility_id
            and balances.process_id = thresholds.process_id
            and balances.flow_id = thresholds.flow_id
            and balances.period_month = thresholds.period_month
            and balances.unit_code = thresholds.unit_code

),

deviations as (

    select
        *,
        -- a one-sided balance is only broken by what comes out of nothing; the last digits of
        -- a sum are no deviation
        case
            when is_one_sided then -difference_share
            else abs(difference_share)
        end - 1e-9 as deviation_share,
        case
            when reason is not null then reason
            when difference_share is null then 'nothing_moved'
            when coalesce(tolerance_share, critical_tolerance_share) is null
                then 'tolerance_not_stated'
        end as not_judged_because
    from differences

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
    difference_quantity,
    difference_share,
    tolerance_share,
    critical_tolerance_share,
    case
        when not_judged_because = 'tolerance_not_stated' then 'not_judged'
        when not_judged_because is not null then 'not_computable'
        when deviation_share > critical_tolerance_share then 'critical'
        when deviation_share > tolerance_share then 'outside'
        else 'within'
    end as status,
    not_judged_because as reason,
    case
        when
            not_judged_because in (
                'mass_not_known',
                'moisture_not_stated',
                'carbon_content_not_stated',
                'recycled_content_not_known'
            )
            then reason_flow_id
    end as reason_flow_id
from deviations
