-- One row per site, calendar year, product and inventory category: what the products sold in the
-- year emit in use and at the end of life, as their scenarios assume (Scope 3 categories 11 and
-- 12). All of it counts in the year of the sale. What energy recovered or material recycled
-- afterwards displaces is nobody's credit here, and who takes recycled material carries its
-- recycling (method R27, R30).

with sold as (

    select * from {{ ref('int_sold_products') }}

),

scenario_factors as (

    select * from {{ ref('int_monthly_scenario_factors') }}
    where
        component <> ''
        and treatment not in ('energy_credit', 'recycling')

),

required as (

    select * from {{ ref('int_required_components') }}

)

select
    sold.facility_id,
    sold.inventory_year,
    sold.product_id,
    required.ghg_category,
    {% for column in gas_columns() -%}
        sum(
            sold.declared_units
            * sold.consolidation_share
            * scenario_factors.quantity_per_declared_unit
            * scenario_factors.market_share
            * scenario_factors.{{ column }}_per_unit
        ) as {{ column }},
    {% endfor -%}
    -- without one of its factors a sum would be too low
    case
        when
            count(*) = count(
                scenario_factors.quantity_per_declared_unit * scenario_factors.kgco2e_per_unit
            )
            then sum(
                sold.declared_units
                * sold.consolidation_share
                * scenario_factors.quantity_per_declared_unit
                * scenario_factors.market_share
                * scenario_factors.kgco2e_per_unit
            )
    end as kgco2e
from sold
inner join scenario_factors
    on
        sold.product_id = scenario_factors.product_id
        and sold.first_month = scenario_factors.period_month
inner join required
    on
        scenario_factors.flow_id = required.flow_id
        and scenario_factors.component = required.component
group by
    sold.facility_id,
    sold.inventory_year,
    sold.product_id,
    required.ghg_category
