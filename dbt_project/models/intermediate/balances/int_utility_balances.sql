-- One row per utility, place and month: what was made and what was taken, at the site, or in
-- the company when a site takes another's; and per user: it gives back no more than it took, as
-- condensate, in the same unit.

with exchanges as (

    select * from {{ ref('int_system_exchanges') }}

),

utility_sums as (

    select
        period_month,
        flow_id,
        facility_id,
        max(unit_code) as unit_code,
        sum(case when direction = 'output' then quantity else 0.0 end) as made,
        sum(case when direction = 'input' then quantity else 0.0 end) as taken
    from exchanges
    where flow_kind = 'utility'
    group by period_month, flow_id, facility_id

),

shared_utilities as (

    select
        period_month,
        flow_id,
        max(case when made = 0.0 then 1 else 0 end) as is_shared
    from utility_sums
    group by period_month, flow_id

),

utility_places as (

    select
        utility_sums.period_month,
        utility_sums.flow_id,
        case when shared_utilities.is_shared = 1 then '' else utility_sums.facility_id end
            as facility_id,
        utility_sums.unit_code,
        utility_sums.made,
        utility_sums.taken
    from utility_sums
    inner join shared_utilities
        on
            utility_sums.period_month = shared_utilities.period_month
            and utility_sums.flow_id = shared_utilities.flow_id

),

utility_balances as (

    select
        'utility' as balance,
        'steam_balance' as rule_id,
        facility_id,
        '' as process_id,
        flow_id,
        period_month,
        max(unit_code) as unit_code,
        sum(made) as input_quantity,
        sum(taken) as output_quantity,
        0.0 as stock_change_quantity,
        false as is_one_sided,
        case when sum(made) = 0.0 then 'nobody_makes_it' end as reason,
        cast(null as string) as reason_flow_id
    from utility_places
    group by facility_id, flow_id, period_month

),

returned_utilities as (

    select
        'returned_utility' as balance,
        'steam_balance' as rule_id,
        facility_id,
        process_id,
        '' as flow_id,
        period_month,
        unit_code,
        sum(case when direction = 'input' then quantity else 0.0 end) as input_quantity,
        sum(case when direction = 'output' then quantity else 0.0 end) as output_quantity,
        0.0 as stock_change_quantity,
        true as is_one_sided,
        cast(null as string) as reason,
        cast(null as string) as reason_flow_id
    from exchanges
    where
        flow_kind = 'utility'
        and process_type <> 'utility'
    group by facility_id, process_id, period_month, unit_code
    having
        sum(case when direction = 'input' then quantity else 0.0 end) > 0.0
        and sum(case when direction = 'output' then quantity else 0.0 end) > 0.0

)

select * from utility_balances
union all
select * from returned_utilities
