-- One row per year, site, inventory category, basis and what makes up its emissions: as measured in
-- full calendar years; later the base year, and what the production plan, factor paths and each
-- initiative add to it. The rows of a year add up to its emissions.

with years as (

    select * from {{ ref('int_forecast_years') }}

),

lines as (

    select * from {{ ref('int_forecast_lines') }}

),

initiatives as (

    select * from {{ ref('int_initiative_wedges') }}

),

full_years as (

    select cast(extract(year from period_month) as integer) as inventory_year
    from {{ ref('emission_lines') }}
    group by extract(year from period_month)
    having count(distinct period_month) = 12

),

inventory as (

    select * from {{ ref('facility_inventory') }}

),

measured as (

    {% for basis in ['location_based', 'market_based'] -%}
        {% if not loop.first -%} union all {% endif -%}
        select
            inventory.inventory_year,
            inventory.facility_id,
            inventory.ghg_scope,
            inventory.ghg_category,
            '{{ basis }}' as basis,
            'measured' as wedge,
            '' as initiative_id,
            cast(null as {{ dbt.type_string() }}) as initiative_status,
            inventory.{{ basis }}_kgco2e as kgco2e
        from inventory
        inner join full_years
            on inventory.inventory_year = full_years.inventory_year
        where
            inventory.{{ basis }}_kgco2e is not null
            and inventory.inventory_year <= (select max(years.base_year) from years)
    {% endfor %}
),

forecast as (

    select
        lines.forecast_year as inventory_year,
        lines.facility_id,
        lines.ghg_scope,
        lines.ghg_category,
        lines.basis,
        'base_year' as wedge,
        '' as initiative_id,
        cast(null as {{ dbt.type_string() }}) as initiative_status,
        sum(lines.base_kgco2e) as kgco2e
    from lines
    where lines.forecast_year > lines.base_year
    group by
        lines.forecast_year,
        lines.facility_id,
        lines.ghg_scope,
        lines.ghg_category,
        lines.basis
    union all
    select
        lines.forecast_year as inventory_year,
        lines.facility_id,
        lines.ghg_scope,
        lines.ghg_category,
        lines.basis,
        'production' as wedge,
        '' as initiative_id,
        cast(null as {{ dbt.type_string() }}) as initiative_status,
        sum(lines.produced_kgco2e - lines.base_kgco2e) as kgco2e
    from lines
    where lines.forecast_year > lines.base_year
    group by
        lines.forecast_year,
        lines.facility_id,
        lines.ghg_scope,
        lines.ghg_category,
        lines.basis
    union all
    select
        lines.forecast_year as inventory_year,
        lines.facility_id,
        lines.ghg_scope,
        lines.ghg_category,
        lines.basis,
        'factor_paths' as wedge,
        '' as initiative_id,
        cast(null as {{ dbt.type_string() }}) as initiative_status,
        sum(lines.forecast_kgco2e - lines.produced_kgco2e) as kgco2e
    from lines
    where lines.forecast_year > lines.base_year
    group by
        lines.forecast_year,
        lines.facility_id,
        lines.ghg_scope,
        lines.ghg_category,
        lines.basis
    union all
    select
        forecast_year as inventory_year,
        facility_id,
        ghg_scope,
        ghg_category,
        basis,
        'initiative' as wedge,
        initiative_id,
        initiative_status,
        kgco2e
    from initiatives

)

select
    inventory_year,
    false as is_forecast,
    facility_id,
    cast(ghg_scope as integer) as ghg_scope,
    ghg_category,
    basis,
    wedge,
    initiative_id,
    initiative_status,
    kgco2e
from measured
union all
select
    inventory_year,
    true as is_forecast,
    facility_id,
    cast(ghg_scope as integer) as ghg_scope,
    ghg_category,
    basis,
    wedge,
    initiative_id,
    initiative_status,
    kgco2e
from forecast
where wedge = 'base_year' or kgco2e <> 0.0
