-- One row per flow with stock readings, place and month: of the company for what it makes, of a
-- site for what it buys.

with exchanges as (

    select * from {{ ref('int_system_exchanges') }}

),

checks as (

    select * from {{ ref('int_check_totals') }}

),

made_flows as (

    select
        flow_id,
        max(case when direction = 'output' then 1 else 0 end) as is_made,
        max(case when direction = 'input' then 1 else 0 end) as is_taken
    from {{ ref('int_process_exchanges') }}
    group by flow_id

),

stock_readings as (

    select
        facility_id,
        process_id,
        flow_id,
        direction,
        period_month,
        max(unit_code) as unit_code,
        sum(case when role = 'stock_open' then quantity end) as opening_quantity,
        sum(case when role = 'stock_close' then quantity end) as closing_quantity
    from checks
    where role in ('stock_open', 'stock_close')
    group by facility_id, process_id, flow_id, direction, period_month

),

stocks as (

    select
        case when made_flows.is_made = 1 then '' else stock_readings.facility_id end
            as facility_id,
        stock_readings.flow_id,
        stock_readings.period_month,
        coalesce(made_flows.is_made, 0) as is_made,
        coalesce(made_flows.is_taken, 0) as is_taken,
        max(stock_readings.unit_code) as unit_code,
        sum(stock_readings.closing_quantity - stock_readings.opening_quantity)
            as stock_change_quantity,
        count(*)
        - count(stock_readings.closing_quantity - stock_readings.opening_quantity)
            as incomplete_count
    from stock_readings
    left join made_flows
        on stock_readings.flow_id = made_flows.flow_id
    group by
        case when made_flows.is_made = 1 then '' else stock_readings.facility_id end,
        stock_readings.flow_id,
        stock_readings.period_month,
        made_flows.is_made,
        made_flows.is_taken

),

received_by_statement as (

    select
        facility_id,
        flow_id,
        period_month,
        case when hand_in like 'erp/%' then 1 else 0 end as is_from_erp,
        sum(quantity) as quantity
    from checks
    where
        role = 'check'
        and direction = 'input'
    group by
        facility_id,
        flow_id,
        period_month,
        case when hand_in like 'erp/%' then 1 else 0 end

),

-- receipts stated in the ERP and in a sheet are the same goods: the ERP's statement is taken
received as (

    select
        facility_id,
        flow_id,
        period_month,
        coalesce(
            max(case when is_from_erp = 1 then quantity end),
            max(case when is_from_erp = 0 then quantity end)
        ) as quantity
    from received_by_statement
    group by facility_id, flow_id, period_month

),

moved as (

    select
        case when made_flows.is_made = 1 then '' else exchanges.facility_id end as facility_id,
        exchanges.flow_id,
        exchanges.period_month,
        sum(case when exchanges.direction = 'output' then exchanges.quantity else 0.0 end) as made,
        sum(case when exchanges.direction = 'input' then exchanges.quantity else 0.0 end) as taken
    from exchanges
    left join made_flows
        on exchanges.flow_id = made_flows.flow_id
    group by
        case when made_flows.is_made = 1 then '' else exchanges.facility_id end,
        exchanges.flow_id,
        exchanges.period_month

),

stock_balances as (

    select
        'stock' as balance,
        'stock_balance' as rule_id,
        stocks.facility_id,
        '' as process_id,
        stocks.flow_id,
        stocks.period_month,
        stocks.unit_code,
        case when stocks.is_made = 1 then coalesce(moved.made, 0.0) else received.quantity end
            as input_quantity,
        coalesce(moved.taken, 0.0) as output_quantity,
        stocks.stock_change_quantity,
        false as is_one_sided,
        case
            when stocks.incomplete_count > 0 then 'stock_reading_missing'
            when stocks.is_made = 1 and stocks.is_taken = 0 then 'deliveries_not_collected'
            when stocks.is_made = 0 and received.quantity is null then 'receipts_not_stated'
        end as reason,
        cast(null as string) as reason_flow_id
    from stocks
    left join moved
        on
            stocks.facility_id = moved.facility_id
            and stocks.flow_id = moved.flow_id
            and stocks.period_month = moved.period_month
    left join received
        on
            stocks.facility_id = received.facility_id
            and stocks.flow_id = received.flow_id
            and stocks.period_month = received.period_month

)

select * from stock_balances
