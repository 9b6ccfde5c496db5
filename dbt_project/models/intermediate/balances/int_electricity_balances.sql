-- One row per site, or process with a meter, and month: electricity metered and counted.
-- A meter whose total is stated again counts for the site, another for its process.

with exchanges as (

    select * from {{ ref('int_system_exchanges') }}

),

checks as (

    select * from {{ ref('int_check_totals') }}

),

meters as (

    select * from {{ ref('stg_company__meters') }}

),

metered as (

    select
        facility_id,
        process_id,
        flow_id,
        period_month,
        meter_id,
        max(unit_code) as unit_code,
        sum(case when role = 'meter_start' then quantity end) as start_reading,
        sum(case when role = 'meter_end' then quantity end) as end_reading,
        sum(case when role = 'check' then quantity end) as stated_quantity
    from checks
    where
        flow_kind = 'electricity'
        and direction = 'input'
        and (
            role in ('meter_start', 'meter_end')
            or (role = 'check' and (meter_id <> '' or data_method = 'metered'))
        )
    group by facility_id, process_id, flow_id, period_month, meter_id

),

through_meters as (

    select
        metered.facility_id,
        metered.process_id,
        metered.flow_id,
        metered.period_month,
        metered.unit_code,
        metered.stated_quantity is not null as is_main_meter,
        coalesce(
            (
                metered.end_reading
                - metered.start_reading
                -- exchanged within the month: to the old register's last, from the new one's first
                + case
                    when
                        meters.replaced_on >= metered.period_month
                        and meters.replaced_on
                        < {{ months_later(1, 'metered.period_month') }}
                        and metered.start_reading <> meters.first_reading
                        and metered.end_reading <> meters.final_reading
                        then meters.final_reading - meters.first_reading
                    when metered.end_reading < metered.start_reading
                        then coalesce(meters.rolls_over_at, 0.0)
                    else 0.0
                end
            ) * meters.register_multiplier,
            metered.stated_quantity
        ) as quantity
    from metered
    left join meters
        on metered.meter_id = meters.meter_id

),

main_meters as (

    select
        facility_id,
        flow_id,
        period_month,
        sum(quantity) as quantity
    from through_meters
    where is_main_meter
    group by facility_id, flow_id, period_month

),

process_meters as (

    select
        facility_id,
        process_id,
        flow_id,
        period_month,
        max(unit_code) as unit_code,
        sum(quantity) as quantity,
        count(*) - count(quantity) as unreadable_count
    from through_meters
    where not is_main_meter
    group by facility_id, process_id, flow_id, period_month

),

used_electricity as (

    select
        facility_id,
        flow_id,
        period_month,
        max(unit_code) as unit_code,
        sum(quantity) as quantity
    from exchanges
    where
        flow_kind = 'electricity'
        and direction = 'input'
    group by facility_id, flow_id, period_month

),

site_electricity as (

    select
        'electricity' as balance,
        'electricity_balance' as rule_id,
        used_electricity.facility_id,
        '' as process_id,
        used_electricity.flow_id,
        used_electricity.period_month,
        used_electricity.unit_code,
        main_meters.quantity as input_quantity,
        used_electricity.quantity as output_quantity,
        0.0 as stock_change_quantity,
        false as is_one_sided,
        case when main_meters.quantity is null then 'no_main_meter' end as reason,
        cast(null as string) as reason_flow_id
    from used_electricity
    left join main_meters
        on
            used_electricity.facility_id = main_meters.facility_id
            and used_electricity.flow_id = main_meters.flow_id
            and used_electricity.period_month = main_meters.period_month

),

process_electricity as (

    select
        'electricity' as balance,
        'electricity_balance' as rule_id,
        process_meters.facility_id,
        process_meters.process_id,
        process_meters.flow_id,
        process_meters.period_month,
        process_meters.unit_code,
        process_meters.quantity as input_quantity,
        exchanges.quantity as output_quantity,
        0.0 as stock_change_quantity,
        false as is_one_sided,
        case
            when process_meters.unreadable_count > 0 then 'multiplier_or_register_missing'
            when exchanges.quantity is null then 'nothing_counted'
        end as reason,
        cast(null as string) as reason_flow_id
    from process_meters
    left join exchanges
        on
            process_meters.process_id = exchanges.process_id
            and process_meters.flow_id = exchanges.flow_id
            and process_meters.period_month = exchanges.period_month
            and exchanges.direction = 'input'

)

select * from site_electricity
union all
select * from process_electricity
