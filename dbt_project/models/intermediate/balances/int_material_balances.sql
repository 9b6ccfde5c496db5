-- One row per balance (mass, carbon), month and process that works material.

with exchanges as (

    select * from {{ ref('int_system_exchanges') }}

),

mass as (

    select * from {{ ref('int_mass_exchanges') }}

),

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

)

select * from mass_balances
union all
select * from carbon_balances
