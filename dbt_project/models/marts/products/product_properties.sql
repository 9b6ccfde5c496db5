-- One row per product and reference period: what was made and delivered, and what it contains.

{{ replace_periods() }}

with product_periods as (

    select * from {{ ref('int_product_periods') }}
    where {{ in_stale_periods('reference_period') }}

),

recycled as (

    select * from {{ ref('int_product_recycled_content') }}
    where {{ in_stale_periods('reference_period') }}

),

products as (

    select * from {{ ref('stg_company__products') }}

),

properties as (

    select * from {{ ref('stg_company__flow_properties') }}

),

periods as (

    select distinct
        product_id,
        reference_period,
        first_month,
        month_count,
        flow_id,
        declared_unit,
        regain,
        made_kg,
        delivered_kg,
        made_quantity * declared_units_per_unit as output_quantity,
        delivered_quantity * declared_units_per_unit as delivered_quantity
    from product_periods

)

select
    periods.product_id,
    periods.reference_period,
    products.product_name_en,
    products.product_name_zh,
    periods.flow_id,
    periods.declared_unit,
    periods.month_count,
    periods.output_quantity,
    periods.delivered_quantity,
    periods.made_kg as output_kg,
    periods.delivered_kg,
    periods.regain as commercial_regain_share,
    recycled.recycled_content as recycled_content_share,
    products.recycled_content_claimed as recycled_content_claimed_share,
    -- carbon of the dry material, in one kilogram at commercial regain (method R35)
    (carbon.property_value - biogenic.property_value) / (1.0 + periods.regain)
        as fossil_carbon_kg_per_kg,
    biogenic.property_value / (1.0 + periods.regain) as biogenic_carbon_kg_per_kg,
    carbon.property_value * recycled.recycled_content / (1.0 + periods.regain)
        as recycled_carbon_kg_per_kg
from periods
inner join products
    on periods.product_id = products.product_id
left join recycled
    on
        periods.product_id = recycled.product_id
        and periods.reference_period = recycled.reference_period
left join properties as carbon
    on
        periods.flow_id = carbon.flow_id
        and carbon.property = 'carbon_content'
        and {{ valid_on('carbon', 'periods.first_month') }}
left join properties as biogenic
    on
        periods.flow_id = biogenic.flow_id
        and biogenic.property = 'biogenic_carbon_content'
        and {{ valid_on('biogenic', 'periods.first_month') }}
