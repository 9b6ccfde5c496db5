-- One row per product, month, method, basis and life cycle stage.

with footprints as (

    select * from {{ ref('emissions_by_product') }}

)

select
    product_id,
    cast(reference_period || '-01' as date) as period_month,
    method,
    basis,
    life_cycle_stage,
    declared_unit,
    delivered_quantity,
    kgco2e_per_declared_unit,
    kgco2e_per_declared_unit * delivered_quantity as delivered_kgco2e
from footprints
where length(reference_period) = 7
