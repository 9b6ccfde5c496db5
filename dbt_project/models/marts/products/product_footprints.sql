-- One row per product, reference period, method, basis and boundary: stages of
-- emissions_by_product added up.

with stages as (

    select * from {{ ref('emissions_by_product') }}

),

-- which stages a boundary takes in
boundaries as (

    select
        listed.boundary,
        listed.life_cycle_stage
    from (
        values
        ('gate_to_gate', 'manufacture'),
        ('cradle_to_gate', 'raw_material_acquisition'),
        ('cradle_to_gate', 'manufacture'),
        ('cradle_to_grave', 'raw_material_acquisition'),
        ('cradle_to_grave', 'manufacture'),
        ('cradle_to_grave', 'distribution'),
        ('cradle_to_grave', 'use'),
        ('cradle_to_grave', 'disposal')
    ) as listed (boundary, life_cycle_stage)

)

select
    stages.product_id,
    stages.reference_period,
    stages.method,
    stages.basis,
    boundaries.boundary,
    stages.declared_unit,
    stages.month_count,
    stages.gwp_set,
    sum(stages.kgco2e_per_declared_unit) as kgco2e_per_declared_unit,
    sum(stages.fossil_kgco2e_per_declared_unit) as fossil_kgco2e_per_declared_unit,
    sum(stages.biogenic_kgco2e_per_declared_unit) as biogenic_kgco2e_per_declared_unit,
    sum(stages.land_use_kgco2e_per_declared_unit) as land_use_kgco2e_per_declared_unit,
    sum(stages.aircraft_kgco2e_per_declared_unit) as aircraft_kgco2e_per_declared_unit,
    sum(stages.co2_biogenic_kg_per_declared_unit) as co2_biogenic_kg_per_declared_unit,
    -- stages that nothing is known of: without deliveries no distribution, without a scenario no
    -- use and no disposal
    case when boundaries.boundary = 'cradle_to_grave' then 5 - count(*) else 0 end
        as absent_stage_count
from stages
inner join boundaries
    on stages.life_cycle_stage = boundaries.life_cycle_stage
group by
    stages.product_id,
    stages.reference_period,
    stages.method,
    stages.basis,
    boundaries.boundary,
    stages.declared_unit,
    stages.month_count,
    stages.gwp_set
