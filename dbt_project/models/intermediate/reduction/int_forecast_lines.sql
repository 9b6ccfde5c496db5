-- One row per site, flow, component, inventory category, basis and year of the forecast: emissions
-- of the base year, what the planned production makes of them, and factor paths of that.

{{ config(materialized='table') }}

with years as (

    select * from {{ ref('int_forecast_years') }}

),

production as (

    select * from {{ ref('int_planned_production') }}

),

trends as (

    select * from {{ ref('int_factor_trends') }}

),

base_lines as (

    select
        lines.facility_id,
        lines.process_id,
        lines.flow_id,
        lines.component,
        max(lines.ghg_scope) as ghg_scope,
        lines.ghg_category,
        sum(lines.location_based_kgco2e) as location_based_kgco2e,
        sum(lines.market_based_kgco2e) as market_based_kgco2e
    from {{ ref('emission_lines') }} as lines
    where extract(year from lines.period_month) in (select years.base_year from years)
    group by
        lines.facility_id, lines.process_id, lines.flow_id, lines.component, lines.ghg_category

),

product_periods as (

    select distinct
        product_id,
        reference_period,
        made_quantity * declared_units_per_unit as made_declared_units
    from {{ ref('int_product_periods') }}
    where reference_period in (select years.base_period from years)

),

-- the part of a process's operation in the base year that each product needed
shares_of_processes as (

    select
        requirements.process_id,
        requirements.product_id,
        sum(requirements.requirement_per_declared_unit * product_periods.made_declared_units)
            as share
    from {{ ref('int_product_requirements') }} as requirements
    inner join product_periods
        on
            requirements.product_id = product_periods.product_id
            and requirements.reference_period = product_periods.reference_period
            and requirements.operation_period = product_periods.reference_period
    group by requirements.process_id, requirements.product_id

),

-- outbound transport is no process that products need, but each of its lines is of products
shares_of_transport as (

    select
        distribution.process_id,
        distribution.flow_id,
        distribution.component,
        distribution.product_id,
        distribution.location_based_kgco2e / nullif(base_lines.location_based_kgco2e, 0.0) as share
    from {{ ref('int_distribution_emissions') }} as distribution
    inner join base_lines
        on
            distribution.process_id = base_lines.process_id
            and distribution.flow_id = base_lines.flow_id
            and distribution.component = base_lines.component
    where distribution.reference_period in (select years.base_period from years)

),

growth_of_processes as (

    select
        shares_of_processes.process_id,
        production.forecast_year,
        sum(shares_of_processes.share * (production.production_ratio - 1.0)) as growth
    from shares_of_processes
    inner join production
        on shares_of_processes.product_id = production.product_id
    group by shares_of_processes.process_id, production.forecast_year

),

growth_of_transport as (

    select
        shares_of_transport.process_id,
        shares_of_transport.flow_id,
        shares_of_transport.component,
        production.forecast_year,
        sum(shares_of_transport.share * (production.production_ratio - 1.0)) as growth
    from shares_of_transport
    inner join production
        on shares_of_transport.product_id = production.product_id
    group by
        shares_of_transport.process_id,
        shares_of_transport.flow_id,
        shares_of_transport.component,
        production.forecast_year

),

produced as (

    select
        base_lines.facility_id,
        base_lines.flow_id,
        base_lines.component,
        base_lines.ghg_scope,
        base_lines.ghg_category,
        years.base_year,
        years.forecast_year,
        base_lines.location_based_kgco2e,
        base_lines.market_based_kgco2e,
        1.0
        + coalesce(growth_of_processes.growth, 0.0)
        + coalesce(growth_of_transport.growth, 0.0) as operation_ratio
    from base_lines
    cross join years
    left join growth_of_processes
        on
            base_lines.process_id = growth_of_processes.process_id
            and years.forecast_year = growth_of_processes.forecast_year
    left join growth_of_transport
        on
            base_lines.process_id = growth_of_transport.process_id
            and base_lines.flow_id = growth_of_transport.flow_id
            and base_lines.component = growth_of_transport.component
            and years.forecast_year = growth_of_transport.forecast_year
    union all
    select
        sold.facility_id,
        '' as flow_id,
        '' as component,
        categories.ghg_scope,
        sold.ghg_category,
        years.base_year,
        years.forecast_year,
        sold.kgco2e as location_based_kgco2e,
        sold.kgco2e as market_based_kgco2e,
        coalesce(production.production_ratio, 1.0) as operation_ratio
    from {{ ref('int_sold_product_emissions') }} as sold
    inner join {{ ref('ghg_categories') }} as categories
        on sold.ghg_category = categories.ghg_category
    inner join years
        on sold.inventory_year = years.base_year
    left join production
        on
            sold.product_id = production.product_id
            and years.forecast_year = production.forecast_year

),

by_basis as (

    {% for basis in ['location_based', 'market_based'] -%}
        {% if not loop.first -%} union all {% endif -%}
        select
            facility_id,
            flow_id,
            component,
            ghg_scope,
            ghg_category,
            base_year,
            forecast_year,
            '{{ basis }}' as basis,
            sum({{ basis }}_kgco2e) as base_kgco2e,
            sum({{ basis }}_kgco2e * operation_ratio) as produced_kgco2e
        from produced
        group by
            facility_id, flow_id, component, ghg_scope, ghg_category, base_year, forecast_year
    {% endfor %}
)

select
    by_basis.facility_id,
    by_basis.flow_id,
    by_basis.component,
    by_basis.ghg_scope,
    by_basis.ghg_category,
    by_basis.base_year,
    by_basis.forecast_year,
    by_basis.basis,
    by_basis.base_kgco2e,
    by_basis.produced_kgco2e,
    by_basis.produced_kgco2e * coalesce(trends.factor_ratio, 1.0) as forecast_kgco2e
from by_basis
left join trends
    on
        by_basis.facility_id = trends.facility_id
        and by_basis.flow_id = trends.flow_id
        and by_basis.component = trends.component
        and by_basis.basis = trends.basis
        and by_basis.forecast_year = trends.forecast_year
