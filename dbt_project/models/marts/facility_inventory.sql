-- One row per site, calendar year and inventory category, collected or not.

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

site_years as (

    select
        facility_id,
        inventory_year,
        max(gwp_set) as gwp_set
    from yearly
    group by facility_id, inventory_year

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
        when exclusions.reason is not null then 'not_collected'
        when every_category.ghg_scope < 3 then 'no_source'
        else 'no_reason_stated'
    end as status,
    case
        when yearly.ghg_category is not null then null
        when exclusions.reason is not null then exclusions.reason
        when every_category.ghg_scope < 3
            then 'No activity of this kind was reported.'
        else
            'Neither reported nor explained: state the reason in company/exclusions.csv.'
    end as reason,
    cast(coalesce(yearly.month_count, 0) as integer) as month_count,
    {% for column in gas_columns() -%}
        yearly.{{ column }},
    {% endfor -%}
    every_category.gwp_set,
    yearly.location_based_kgco2e,
    yearly.market_based_kgco2e,
    every_category.sort_order
from every_category
left join yearly
    on
        every_category.facility_id = yearly.facility_id
        and every_category.inventory_year = yearly.inventory_year
        and every_category.ghg_category = yearly.ghg_category
left join exclusions
    on
        every_category.ghg_scope = exclusions.ghg_scope
        and coalesce(every_category.scope3_category, 0)
        = coalesce(exclusions.scope3_category, 0)
