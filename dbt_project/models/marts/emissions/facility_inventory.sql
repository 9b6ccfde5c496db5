-- One row per site, calendar year and inventory category, collected or not. Use and end of life of
-- sold products are no stage's emissions: they come from scenarios, in the year of the sale.

with stages as (

    select * from {{ ref('emissions_by_stage') }}

),

categories as (

    select * from {{ ref('ghg_categories') }}

),

exclusions as (

    select * from {{ ref('stg_company__exclusions') }}

),

yearly as (

    select
        facility_id,
        cast(extract(year from period_month) as integer) as inventory_year,
        ghg_category,
        gwp_set,
        count(distinct period_month) as month_count,
        {% for column in gas_columns() -%}
            sum({{ column }}) as {{ column }},
        {% endfor -%}
        sum(location_based_kgco2e) as location_based_kgco2e,
        sum(market_based_kgco2e) as market_based_kgco2e
    from stages
    group by
        facility_id,
        extract(year from period_month),
        ghg_category,
        gwp_set

),

sold as (

    select * from {{ ref('int_sold_product_emissions') }}

),

facilities as (

    select * from {{ ref('stg_company__facilities') }}

),

gwp as (

    select max(gwp_set) as gwp_set from {{ ref('int_gwp') }}

),

years as (

    select distinct inventory_year
    from yearly

),

-- a site without any activity is told of, too
site_years as (

    select
        facilities.facility_id,
        years.inventory_year,
        gwp.gwp_set
    from facilities
    cross join years
    cross join gwp

),

after_the_sale as (

    select
        facility_id,
        inventory_year,
        ghg_category,
        {% for column in gas_columns() -%}
            sum({{ column }}) as {{ column }},
        {% endfor -%}
        sum(kgco2e) as kgco2e
    from sold
    group by facility_id, inventory_year, ghg_category

),

every_category as (

    select
        site_years.facility_id,
        site_years.inventory_year,
        site_years.gwp_set,
        categories.ghg_category,
        categories.ghg_scope,
        categories.scope3_category,
        categories.iso_14064_1_category,
        categories.gbt_32150_category,
        categories.sort_order
    from site_years
    cross join categories

)

select
    every_category.facility_id,
    every_category.inventory_year,
    every_category.ghg_scope,
    every_category.scope3_category,
    every_category.ghg_category,
    every_category.iso_14064_1_category,
    every_category.gbt_32150_category,
    case
        when yearly.ghg_category is not null then 'reported'
        when after_the_sale.ghg_category is not null then 'from_scenarios'
        when exclusions.reason is not null then 'not_collected'
        when every_category.ghg_scope < 3 then 'no_source'
        else 'no_reason_stated'
    end as status,
    case
        when yearly.ghg_category is not null then null
        when after_the_sale.ghg_category is not null
            then 'Products sold in the year, as company/scenarios.csv assumes for each.'
        when exclusions.reason is not null then exclusions.reason
        when every_category.ghg_scope < 3
            then 'No activity of this kind was reported.'
        else
            'Neither reported nor explained: state the reason in company/exclusions.csv.'
    end as reason,
    cast(coalesce(yearly.month_count, 0) as integer) as month_count,
    {% for column in gas_columns() -%}
        coalesce(yearly.{{ column }}, after_the_sale.{{ column }}) as {{ column }},
    {% endfor -%}
    every_category.gwp_set,
    coalesce(yearly.location_based_kgco2e, after_the_sale.kgco2e) as location_based_kgco2e,
    coalesce(yearly.market_based_kgco2e, after_the_sale.kgco2e) as market_based_kgco2e,
    every_category.sort_order
from every_category
left join yearly
    on
        every_category.facility_id = yearly.facility_id
        and every_category.inventory_year = yearly.inventory_year
        and every_category.ghg_category = yearly.ghg_category
left join after_the_sale
    on
        every_category.facility_id = after_the_sale.facility_id
        and every_category.inventory_year = after_the_sale.inventory_year
        and every_category.ghg_category = after_the_sale.ghg_category
left join exclusions
    on
        every_category.ghg_scope = exclusions.ghg_scope
        and coalesce(every_category.scope3_category, 0)
        = coalesce(exclusions.scope3_category, 0)
