-- One row per product, solved reference period and site that made it.

with product_months as (

    select * from {{ ref('int_product_months') }}

),

months as (

    select * from {{ ref('int_period_months') }}
    where is_solved

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

by_site as (

    select
        months.reference_period,
        months.first_month,
        months.month_count,
        product_months.product_id,
        product_months.flow_id,
        product_months.facility_id,
        product_months.unit_code,
        sum(product_months.made_quantity) as site_quantity,
        sum(product_months.made_kg) as site_kg,
        sum(product_months.delivered_quantity) as site_delivered_quantity,
        sum(product_months.delivered_kg) as site_delivered_kg
    from months
    inner join product_months
        on months.period_month = product_months.period_month
    group by
        months.reference_period,
        months.first_month,
        months.month_count,
        product_months.product_id,
        product_months.flow_id,
        product_months.facility_id,
        product_months.unit_code

),

with_totals as (

    select
        by_site.*,
        sum(by_site.site_quantity)
            over (partition by by_site.reference_period, by_site.product_id) as made_quantity,
        sum(by_site.site_kg)
            over (partition by by_site.reference_period, by_site.product_id) as made_kg,
        sum(by_site.site_delivered_quantity)
            over (partition by by_site.reference_period, by_site.product_id) as delivered_quantity,
        sum(by_site.site_delivered_kg)
            over (partition by by_site.reference_period, by_site.product_id) as delivered_kg
    from by_site

),

declared as (

    select
        with_totals.*,
        products.regain,
        coalesce(products.declared_unit, with_totals.unit_code) as declared_unit,
        moisture.property_value as moisture,
        flow_mass.kg_per_unit
    from with_totals
    inner join products
        on with_totals.product_id = products.product_id
    left join mass_units as flow_mass
        on with_totals.unit_code = flow_mass.unit_code
    left join properties as moisture
        on
            with_totals.flow_id = moisture.flow_id
            and moisture.property = 'moisture'
            and (moisture.valid_from is null or with_totals.first_month >= moisture.valid_from)
            and (moisture.valid_to is null or with_totals.first_month < moisture.valid_to)

)

select
    declared.reference_period,
    declared.first_month,
    declared.month_count,
    declared.product_id,
    declared.flow_id,
    declared.facility_id,
    declared.regain,
    declared.declared_unit,
    declared_mass.kg_per_unit as kg_per_declared_unit,
    -- what was weighed with its moisture, at commercial regain (METHOD R14)
    case
        when declared.declared_unit = declared.unit_code then 1.0
        else declared.kg_per_unit / declared_mass.kg_per_unit
    end
    * case
        when declared.kg_per_unit is null or declared.moisture is null then 1.0
        else (1.0 - declared.moisture) * (1.0 + declared.regain)
    end as declared_units_per_unit,
    declared.site_quantity / declared.made_quantity as market_weight,
    declared.made_quantity,
    declared.made_kg,
    declared.delivered_quantity,
    declared.delivered_kg
from declared
left join mass_units as declared_mass
    on declared.declared_unit = declared_mass.unit_code
-- a product that was only sold from stock has no footprint of the period
where declared.site_quantity > 0.0
