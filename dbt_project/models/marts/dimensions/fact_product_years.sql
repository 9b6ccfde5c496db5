-- One row per product, calendar year, method, basis and life cycle stage.

with footprints as (

    select * from {{ ref('emissions_by_product') }}

)

select
    product_id,
    reference_period,
    cast(reference_period as integer) as inventory_year,
    method,
    basis,
    life_cycle_stage,
    declared_unit,
    delivered_quantity,
    kgco2e_per_declared_unit,
    kgco2e_per_declared_unit * delivered_quantity as delivered_kgco2e
from footprints
where length(reference_period) = 4
