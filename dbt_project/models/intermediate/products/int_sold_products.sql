-- One row per product, site and calendar year: declared units that left the company, and the first
-- month of the year with data, whose scenarios and factors hold for the year.
-- What a product without recorded deliveries is delivered of is known of the whole year only: made
-- less used, and stock used up is no delivery.

with product_months as (

    select * from {{ ref('int_product_months') }}

),

years as (

    select
        cast(extract(year from period_month) as integer) as inventory_year,
        min(period_month) as first_month
    from {{ ref('stg_control__build_months') }}
    group by cast(extract(year from period_month) as integer)

),

products as (

    select * from {{ ref('stg_company__products') }}

),

properties as (

    select * from {{ ref('stg_company__flow_properties') }}

),

mass_units as (

    select * from {{ ref('mass_units') }}

),

facilities as (

    select * from {{ ref('stg_company__facilities') }}

),

by_year as (

    select
        years.inventory_year,
        years.first_month,
        product_months.product_id,
        product_months.flow_id,
        product_months.facility_id,
        product_months.unit_code,
        case
            when max(product_months.is_recorded) = 1
                then sum(product_months.delivered_quantity)
            else greatest(sum(product_months.left_over_quantity), 0.0)
        end as delivered_quantity
    from product_months
    inner join years
        on cast(extract(year from product_months.period_month) as integer) = years.inventory_year
    group by
        years.inventory_year,
        years.first_month,
        product_months.product_id,
        product_months.flow_id,
        product_months.facility_id,
        product_months.unit_code

),

declared as (

    select
        by_year.*,
        products.regain,
        coalesce(products.declared_unit, by_year.unit_code) as declared_unit,
        moisture.property_value as moisture,
        flow_mass.kg_per_unit,
        facilities.consolidation_share
    from by_year
    inner join products
        on by_year.product_id = products.product_id
    inner join facilities
        on by_year.facility_id = facilities.facility_id
    left join mass_units as flow_mass
        on by_year.unit_code = flow_mass.unit_code
    left join properties as moisture
        on
            by_year.flow_id = moisture.flow_id
            and moisture.property = 'moisture'
            and {{ valid_on('moisture', 'by_year.first_month') }}

)

select
    declared.inventory_year,
    declared.first_month,
    declared.product_id,
    declared.facility_id,
    declared.consolidation_share,
    declared.declared_unit,
    declared.delivered_quantity
    * {{ declared_units_per_unit(
        'declared.declared_unit', 'declared.unit_code', 'declared.kg_per_unit',
        'declared_mass.kg_per_unit', 'declared.moisture', 'declared.regain'
    ) }} as declared_units
from declared
left join mass_units as declared_mass
    on declared.declared_unit = declared_mass.unit_code
where declared.delivered_quantity > 0.0
