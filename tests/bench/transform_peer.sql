-- The best single query we could write: rows are summed before anything is multiplied, and what
-- a unit of each flow emits is given to it, ready, in a Parquet file.

with cells as (

    select
        round, hand_in, revision, period_month, facility_id, process_id, flow_id, direction,
        role, unit_text, supplier_id, quantity * sign_multiplier as quantity
    from read_parquet(
        ['$warehouse/accepted/stage_readings/*/*.parquet',
            '$warehouse/accepted/erp_records/*/*.parquet'],
        hive_partitioning = true, hive_types = {'period_month': date}
    )

),

summed as (

    select
        period_month, facility_id, process_id, flow_id, direction, unit_text, supplier_id,
        sum(quantity) as quantity
    from cells
    semi join read_parquet('$warehouse/control/in_force.parquet') as in_force
        using (round, hand_in, revision, period_month)
    where role = 'activity' and direction in ('input', 'output') and quantity is not null
    group by all

),

activities as (

    select
        summed.period_month, summed.facility_id, processes.stage_code, summed.process_id,
        summed.flow_id, flows.flow_kind, summed.direction,
        coalesce(suppliers.supplier_id, '') as supplier_key,
        summed.quantity * conversions.multiplier as quantity,
        summed.quantity * conversions.multiplier * mass_units.kg_per_unit as quantity_kg,
        coalesce(try_cast(facilities.consolidation_share as double), 1.0) as share
    from summed
    join read_parquet('$warehouse/accepted/company/flows.parquet') as flows using (flow_id)
    join read_parquet('$warehouse/accepted/company/processes.parquet') as processes
        using (process_id)
    join read_parquet('$warehouse/accepted/company/facilities.parquet') as facilities
        on facilities.facility_id = summed.facility_id
    left join read_parquet('$warehouse/accepted/unit_conversions.parquet') as conversions
        on conversions.flow_id = summed.flow_id and conversions.unit_text = summed.unit_text
            and conversions.property = ''
    left join read_parquet('$warehouse/peer/mass_units.parquet') as mass_units
        on mass_units.unit_code = flows.unit_code
    left join (
        select distinct flow_id, supplier_id
        from read_parquet('$warehouse/accepted/emission_factors.parquet')
        where supplier_id is not null
    ) as suppliers
        on suppliers.flow_id = summed.flow_id and suppliers.supplier_id = summed.supplier_id

),

outputs as (

    select process_id, period_month, sum(quantity_kg) as output_kg
    from activities
    where direction = 'output' and flow_kind in ('intermediate', 'product')
    group by all

),

emissions as (

    select
        activities.facility_id, activities.stage_code, activities.process_id,
        activities.period_month, required.ghg_category, required.ghg_scope,
        required.scope3_category,
        sum(activities.quantity * share * co2_fossil_kg_per_unit) as co2_fossil_kg,
        sum(activities.quantity * share * co2_biogenic_kg_per_unit) as co2_biogenic_kg,
        sum(activities.quantity * share * co2_luc_kg_per_unit) as co2_luc_kg,
        sum(activities.quantity * share * ch4_fossil_kg_per_unit) as ch4_fossil_kg,
        sum(activities.quantity * share * ch4_biogenic_kg_per_unit) as ch4_biogenic_kg,
        sum(activities.quantity * share * n2o_kg_per_unit) as n2o_kg,
        sum(activities.quantity * share * hfcs_kg_per_unit) as hfcs_kg,
        sum(activities.quantity * share * pfcs_kg_per_unit) as pfcs_kg,
        sum(activities.quantity * share * sf6_kg_per_unit) as sf6_kg,
        sum(activities.quantity * share * nf3_kg_per_unit) as nf3_kg,
        sum(activities.quantity * share * other_gases_kg_per_unit) as other_gases_kg,
        sum(activities.quantity * share * unsplit_kgco2e_per_unit) as unsplit_kgco2e,
        sum(activities.quantity * share * location_based_kgco2e_per_unit)
            as location_based_kgco2e,
        sum(activities.quantity * share * market_based_kgco2e_per_unit) as market_based_kgco2e
    from activities
    join read_parquet('$warehouse/peer/required.parquet') as required using (flow_id)
    left join read_parquet('$warehouse/peer/choices.parquet') as choices
        using (period_month, facility_id, flow_id, component, supplier_key)
    group by all

)

select
    emissions.*, outputs.output_kg,
    emissions.location_based_kgco2e / nullif(outputs.output_kg, 0) as intensity_kgco2e_per_kg
from emissions
left join outputs using (process_id, period_month)
