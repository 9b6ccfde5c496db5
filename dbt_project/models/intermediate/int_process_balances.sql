-- One row per balance, place and month: what went in, what came out, and why nothing can be said.
-- Balances that need no solved product system; tolerances are applied in marts.process_balances.

with exchanges as (

    select * from {{ ref('int_system_exchanges') }}

),

mass as (

    select * from {{ ref('int_mass_exchanges') }}

),

checks as (

    select * from {{ ref('int_check_totals') }}

),

meters as (

    select * from {{ ref('stg_company__meters') }}

),

-- mass and carbon of every process that works material

material_processes as (

    select distinct
        period_month,
        facility_id,
        process_id
    from exchanges
    where process_type in ('production', 'treatment')

),

mass_sums as (

    select
        period_month,
        process_id,
        sum(case when direction = 'input' then dry_kg else 0.0 end) as input_kg,
        sum(case when direction = 'output' then dry_kg else 0.0 end) as output_kg,
        sum(case when direction = 'input' then carbon_kg else 0.0 end) as carbon_input_kg,
        sum(case when direction = 'output' then carbon_kg else 0.0 end) as carbon_output_kg,
        min(case when quantity_kg is null then flow_id end) as flow_without_mass,
        min(case when dry_kg is null then flow_id end) as flow_without_moisture,
        min(case when dry_kg <> 0.0 and carbon_kg is null then flow_id end)
            as flow_without_carbon_content
    from mass
    group by period_month, process_id

),

mass_balances as (

    select
        'mass' as balance,
        'mass_balance' as rule_id,
        material_processes.facility_id,
        material_processes.process_id,
        '' as flow_id,
        material_processes.period_month,
        'kg' as unit_code,
        mass_sums.input_kg as input_quantity,
        mass_sums.output_kg as output_quantity,
        0.0 as stock_change_quantity,
        false as is_one_sided,
        case
            when mass_sums.flow_without_mass is not null then 'mass_not_known'
            when mass_sums.flow_without_moisture is not null then 'moisture_not_stated'
            when coalesce(mass_sums.input_kg, 0.0) = 0.0 then 'no_material_taken'
            when mass_sums.output_kg = 0.0 then 'no_material_given'
        end as reason,
        coalesce(mass_sums.flow_without_mass, mass_sums.flow_without_moisture)
            as reason_flow_id
    from material_processes
    left join mass_sums
        on
            material_processes.process_id = mass_sums.process_id
            and material_processes.period_month = mass_sums.period_month

),

carbon_balances as (

    select
        'carbon' as balance,
        'carbon_balance' as rule_id,
        material_processes.facility_id,
        material_processes.process_id,
        '' as flow_id,
        material_processes.period_month,
        'kgC' as unit_code,
        mass_sums.carbon_input_kg as input_quantity,
        mass_sums.carbon_output_kg as output_quantity,
        0.0 as stock_change_quantity,
        false as is_one_sided,
        case
            when mass_sums.flow_without_mass is not null then 'mass_not_known'
            when mass_sums.flow_without_moisture is not null then 'moisture_not_stated'
            when coalesce(mass_sums.input_kg, 0.0) = 0.0 then 'no_material_taken'
            when mass_sums.output_kg = 0.0 then 'no_material_given'
            when mass_sums.flow_without_carbon_content is not null
                then 'carbon_content_not_stated'
            when mass_sums.carbon_input_kg = 0.0 then 'no_carbon_taken'
        end as reason,
        coalesce(
            mass_sums.flow_without_mass,
            mass_sums.flow_without_moisture,
            mass_sums.flow_without_carbon_content
        ) as reason_flow_id
    from material_processes
    left join mass_sums
        on
            material_processes.process_id = mass_sums.process_id
            and material_processes.period_month = mass_sums.period_month

),

-- electricity: a meter whose total is stated again counts for the site, another for its process

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
                        < {{ dbt.dateadd('month', 1, 'metered.period_month') }}
                        and metered.start_reading <> meters.first_reading
                        and metered.end_reading <> meters.final_reading
                        then meters.final_reading - meters.first_reading
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
        cast(null as varchar) as reason_flow_id
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
        cast(null as varchar) as reason_flow_id
    from process_meters
    left join exchanges
        on
            process_meters.process_id = exchanges.process_id
            and process_meters.flow_id = exchanges.flow_id
            and process_meters.period_month = exchanges.period_month
            and exchanges.direction = 'input'

),

-- utilities: made against taken, at the site, or in the company when a site takes another's

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
        cast(null as varchar) as reason_flow_id
    from utility_places
    group by facility_id, flow_id, period_month

),

-- condensate and the like: a user gives back no more than it took, in the same unit

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
        cast(null as varchar) as reason,
        cast(null as varchar) as reason_flow_id
    from exchanges
    where
        flow_kind = 'utility'
        and process_type <> 'utility'
    group by facility_id, process_id, period_month, unit_code
    having
        sum(case when direction = 'input' then quantity else 0.0 end) > 0.0
        and sum(case when direction = 'output' then quantity else 0.0 end) > 0.0

),

-- stocks: of the company for what it makes, of a site for what it buys

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
        cast(null as varchar) as reason_flow_id
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

select * from mass_balances
union all
select * from carbon_balances
union all
select * from site_electricity
union all
select * from process_electricity
union all
select * from utility_balances
union all
select * from returned_utilities
union all
select * from stock_balances
