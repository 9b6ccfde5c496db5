-- One row per pair of periods, line and basis: how far its emissions moved, and by what. A line is
-- one of a site's inventory (process, flow, direction, component) or of a product's footprint.
-- Lines without emissions in both periods have no row.

with inventory as (

    select * from {{ ref('int_compared_lines') }}

),

product_lines as (

    select * from {{ ref('int_product_lines') }}

),

solved_periods as (

    select * from {{ ref('stg_solved__periods') }}
    where is_solved

),

footprints as (

    select distinct
        product_id,
        reference_period,
        declared_unit
    from {{ ref('product_footprints') }}

),

-- a product is compared where it has a footprint in both periods
compared_products as (

    select
        newer_period.period_type as comparison,
        older_period.reference_period as older_period,
        newer_period.reference_period as newer_period,
        newer_period.month_count,
        newer.product_id,
        newer.declared_unit
    from solved_periods as newer_period
    inner join solved_periods as older_period
        on
            newer_period.period_type = older_period.period_type
            and newer_period.month_count = older_period.month_count
            and cast({{ months_later(-12, 'newer_period.first_month') }} as date)
            = older_period.first_month
    inner join footprints as newer
        on newer_period.reference_period = newer.reference_period
    inner join footprints as older
        on
            older_period.reference_period = older.reference_period
            and newer.product_id = older.product_id
            and newer.declared_unit = older.declared_unit

),

product_sides as (

    select
        compared_products.*,
        'older' as side,
        product_lines.facility_id,
        product_lines.process_id,
        product_lines.flow_id,
        product_lines.component,
        product_lines.quantity,
        product_lines.output_quantity,
        product_lines.location_based_kgco2e,
        product_lines.market_based_kgco2e
    from compared_products
    inner join product_lines
        on
            compared_products.product_id = product_lines.product_id
            and compared_products.older_period = product_lines.reference_period
    union all
    select
        compared_products.*,
        'newer' as side,
        product_lines.facility_id,
        product_lines.process_id,
        product_lines.flow_id,
        product_lines.component,
        product_lines.quantity,
        product_lines.output_quantity,
        product_lines.location_based_kgco2e,
        product_lines.market_based_kgco2e
    from compared_products
    inner join product_lines
        on
            compared_products.product_id = product_lines.product_id
            and compared_products.newer_period = product_lines.reference_period

),

products as (

    select
        comparison,
        older_period,
        newer_period,
        month_count,
        product_id,
        declared_unit,
        process_id,
        flow_id,
        component,
        {% for side in ['older', 'newer'] -%}
            count(case when side = '{{ side }}' then 1 end) as {{ side }}_count,
            max(case when side = '{{ side }}' then quantity end) as {{ side }}_quantity,
            max(case when side = '{{ side }}' then output_quantity end) as {{ side }}_output,
            sum(case when side = '{{ side }}' then location_based_kgco2e else 0.0 end)
                as {{ side }}_location_based_kgco2e,
            sum(case when side = '{{ side }}' then market_based_kgco2e else 0.0 end)
                as {{ side }}_market_based_kgco2e,
        {% endfor -%}
        max(facility_id) as facility_id
    from product_sides
    group by
        comparison,
        older_period,
        newer_period,
        month_count,
        product_id,
        declared_unit,
        process_id,
        flow_id,
        component

),

lines as (

    {% for basis in ['location_based', 'market_based'] -%}
        {% if not loop.first -%} union all {% endif -%}
        select
            'inventory' as figure_kind,
            comparison,
            older_period,
            newer_period,
            month_count,
            cast(null as {{ dbt.type_string() }}) as product_id,
            facility_id,
            process_id,
            flow_id,
            direction,
            component,
            ghg_scope,
            ghg_category,
            '{{ basis }}' as basis,
            'kgCO2e' as unit,
            older_{{ basis }}_kgco2e as older_value,
            newer_{{ basis }}_kgco2e as newer_value,
            older_quantity,
            newer_quantity,
            case
                when is_of_a_site_in_one_period then 'boundary'
                when older_count = 0 then 'new'
                when newer_count = 0 then 'ended'
            end as whole_term,
            is_of_another_method,
            case when older_output > 0.0 then site_output_ratio end as activity_ratio,
            {{ ratio('newer_output', 'older_output') }} / coalesce(site_output_ratio, 1.0)
                as structure_ratio,
            cast(null as double) as requirement_ratio,
            {{ ratio('newer_output', 'older_output') }} as output_ratio
        from inventory
        union all
        select
            'product' as figure_kind,
            comparison,
            older_period,
            newer_period,
            month_count,
            product_id,
            facility_id,
            process_id,
            flow_id,
            cast(null as {{ dbt.type_string() }}) as direction,
            component,
            cast(null as {{ dbt.type_int() }}) as ghg_scope,
            cast(null as {{ dbt.type_string() }}) as ghg_category,
            '{{ basis }}' as basis,
            'kgCO2e per ' || declared_unit as unit,
            older_{{ basis }}_kgco2e as older_value,
            newer_{{ basis }}_kgco2e as newer_value,
            older_quantity,
            newer_quantity,
            case
                when older_quantity is null and newer_quantity is null then 'undivided'
                when older_count = 0 then 'new'
                when newer_count = 0 then 'ended'
                when older_quantity is null or newer_quantity is null then 'undivided'
            end as whole_term,
            false as is_of_another_method,
            cast(null as double) as activity_ratio,
            cast(null as double) as structure_ratio,
            {{ ratio('newer_output', 'older_output') }} as requirement_ratio,
            {{ ratio('newer_output', 'older_output') }} as output_ratio
        from products
    {% endfor %}

),

limited as (

    select
        *,
        {{ only_term() }} as only_term
    from lines
    where older_value <> 0.0 or newer_value <> 0.0

),

weighted as (

    select
        *,
        {{ change_weight() }} as weight
    from limited

)

select
    figure_kind,
    comparison,
    older_period,
    newer_period,
    cast(month_count as integer) as month_count,
    product_id,
    facility_id,
    process_id,
    flow_id,
    direction,
    component,
    cast(ghg_scope as integer) as ghg_scope,
    ghg_category,
    basis,
    unit,
    older_value,
    newer_value,
    newer_value - older_value as change,
    {{ change_columns(change_terms()) }}
from weighted
