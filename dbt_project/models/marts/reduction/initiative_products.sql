-- One row per initiative, product and basis: its footprint to the gate with and without.

with products as (

    select * from {{ ref('stg_reduction__products') }}

),

product_periods as (

    select * from {{ ref('int_product_periods') }}

),

initiatives as (

    select * from {{ ref('stg_company__initiatives') }}

),

summed as (

    select
        products.initiative_id,
        product_periods.product_id,
        products.basis,
        products.base_year,
        product_periods.declared_unit,
        sum(
            product_periods.market_weight
            * products.kgco2e_per_unit_without
            / product_periods.declared_units_per_unit
        ) as without_kgco2e_per_declared_unit,
        sum(
            product_periods.market_weight
            * products.kgco2e_per_unit_with
            / product_periods.declared_units_per_unit
        ) as with_kgco2e_per_declared_unit
    from products
    inner join product_periods
        on
            products.flow_id = product_periods.flow_id
            and products.facility_id = product_periods.facility_id
            and cast(products.base_year as string) = product_periods.reference_period
    group by
        products.initiative_id,
        product_periods.product_id,
        products.basis,
        products.base_year,
        product_periods.declared_unit

)

select
    summed.initiative_id,
    summed.product_id,
    summed.basis,
    initiatives.status,
    summed.base_year,
    summed.declared_unit,
    summed.without_kgco2e_per_declared_unit,
    summed.with_kgco2e_per_declared_unit,
    summed.with_kgco2e_per_declared_unit
    - summed.without_kgco2e_per_declared_unit as change_kgco2e_per_declared_unit
from summed
inner join initiatives
    on summed.initiative_id = initiatives.initiative_id
