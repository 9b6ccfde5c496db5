-- One row per product, reference period and site that made it, or, where nobody made it in the
-- period, that delivered it from stock. A product has no row where one of its sites has no figure.

{{ replace_periods() }}

with product_months as (

    select * from {{ ref('int_product_months') }}

),

months as (

    select * from {{ ref('int_period_months') }}
    where
        {{ in_stale_periods('reference_period') }}
        and is_solved

),

solved_flows as (

    select distinct
        reference_period,
        flow_id,
        facility_id
    from {{ ref('stg_solved__requirements') }}
    where {{ in_stale_periods('reference_period') }}

),

-- what is left of a flow whose deliveries are not recorded is known of the whole period only
left_over as (

    select * from {{ ref('stg_solved__final_demand') }}
    where
        {{ in_stale_periods('reference_period') }}
        and demand_kind = 'delivery'

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

months_by_site as (

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
        sum(product_months.delivered_quantity) as recorded_quantity,
        max(product_months.is_recorded) as is_recorded
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

by_site as (

    select
        months_by_site.*,
        case
            when months_by_site.is_recorded = 1 then months_by_site.recorded_quantity
            else coalesce(left_over.quantity, 0.0)
        end as site_delivered_quantity,
        case when solved_flows.flow_id is null then 0 else 1 end as is_solved
    from months_by_site
    left join left_over
        on
            months_by_site.reference_period = left_over.reference_period
            and months_by_site.flow_id = left_over.flow_id
            and months_by_site.facility_id = left_over.facility_id
    left join solved_flows
        on
            months_by_site.reference_period = solved_flows.reference_period
            and months_by_site.flow_id = solved_flows.flow_id
            and months_by_site.facility_id = solved_flows.facility_id

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
        sum(case when by_site.is_solved = 1 then by_site.site_delivered_quantity else 0.0 end)
            over (partition by by_site.reference_period, by_site.product_id)
            as solved_delivered_quantity,
        sum(case when by_site.site_quantity > 0.0 then 1 - by_site.is_solved else 0 end)
            over (partition by by_site.reference_period, by_site.product_id) as unsolved_count
    from by_site

),

weighted as (

    select
        with_totals.*,
        case
            when with_totals.made_quantity > 0.0
                then with_totals.site_quantity / with_totals.made_quantity
            when with_totals.solved_delivered_quantity > 0.0 and with_totals.is_solved = 1
                then with_totals.site_delivered_quantity / with_totals.solved_delivered_quantity
            else 0.0
        end as market_weight
    from with_totals
    where with_totals.unsolved_count = 0

),

declared as (

    select
        weighted.*,
        products.regain,
        coalesce(products.declared_unit, weighted.unit_code) as declared_unit,
        moisture.property_value as moisture,
        flow_mass.kg_per_unit
    from weighted
    inner join products
        on weighted.product_id = products.product_id
    left join mass_units as flow_mass
        on weighted.unit_code = flow_mass.unit_code
    left join properties as moisture
        on
            weighted.flow_id = moisture.flow_id
            and moisture.property = 'moisture'
            and {{ valid_on('moisture', 'weighted.first_month') }}

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
    {{ declared_units_per_unit(
        'declared.declared_unit', 'declared.unit_code', 'declared.kg_per_unit',
        'declared_mass.kg_per_unit', 'declared.moisture', 'declared.regain'
    ) }} as declared_units_per_unit,
    declared.market_weight,
    declared.made_quantity,
    declared.made_kg,
    declared.delivered_quantity,
    declared.delivered_quantity * declared.kg_per_unit as delivered_kg
from declared
left join mass_units as declared_mass
    on declared.declared_unit = declared_mass.unit_code
where declared.market_weight > 0.0
