-- One row per product, reference period, method, basis and life cycle stage.

{{ replace_periods() }}

with contributions as (

    select * from {{ ref('product_contributions') }}
    where {{ in_stale_periods('reference_period') }}

),

flows as (

    select * from {{ ref('stg_company__flows') }}

),

product_periods as (

    select distinct
        product_id,
        reference_period,
        month_count,
        declared_unit,
        made_quantity * declared_units_per_unit as output_quantity,
        delivered_quantity * declared_units_per_unit as delivered_quantity
    from {{ ref('int_product_periods') }}
    where {{ in_stale_periods('reference_period') }}

),

gwp as (

    select max(gwp_set) as gwp_set
    from {{ ref('int_gwp') }}

),

methods as (

    select distinct
        product_id,
        reference_period,
        method
    from contributions

),

-- another method is cut-off and what the method adds to it
rows_of_method as (

    select
        methods.method as result_method,
        contributions.*
    from methods
    inner join contributions
        on
            methods.product_id = contributions.product_id
            and methods.reference_period = contributions.reference_period
            and contributions.method in ('cut_off', methods.method)

),

-- a product whose processes have no emissions at all carries 0, which is a figure
without_lines as (

    select
        product_periods.product_id,
        product_periods.reference_period
    from product_periods
    left join contributions
        on
            product_periods.product_id = contributions.product_id
            and product_periods.reference_period = contributions.reference_period
            and contributions.method = 'cut_off'
            and contributions.life_cycle_stage in ('raw_material_acquisition', 'manufacture')
    where contributions.product_id is null

),

by_basis as (

    {% for basis in ['location_based', 'market_based'] -%}
        {% if not loop.first -%} union all {% endif -%}
        select
            rows_of_method.product_id,
            rows_of_method.reference_period,
            rows_of_method.result_method as method,
            '{{ basis }}' as basis,
            rows_of_method.life_cycle_stage,
            {% for column in gas_columns() -%}
                sum(rows_of_method.{{ column }}_per_declared_unit)
                    as {{ column }}_per_declared_unit,
            {% endfor -%}
            sum(rows_of_method.{{ basis }}_kgco2e_per_declared_unit)
                as kgco2e_per_declared_unit,
            sum(rows_of_method.biogenic_kgco2e_per_declared_unit)
                as biogenic_kgco2e_per_declared_unit,
            sum(rows_of_method.land_use_kgco2e_per_declared_unit)
                as land_use_kgco2e_per_declared_unit,
            sum(
                case
                    when flows.is_aircraft
                        then rows_of_method.{{ basis }}_kgco2e_per_declared_unit
                    else 0.0
                end
            ) as aircraft_kgco2e_per_declared_unit,
            sum(abs(rows_of_method.{{ basis }}_kgco2e_per_declared_unit)) as gross_kgco2e,
            sum(
                abs(rows_of_method.{{ basis }}_kgco2e_per_declared_unit)
                * rows_of_method.{{ basis }}_primary_share
            ) as primary_kgco2e,
            sum(
                abs(rows_of_method.{{ basis }}_kgco2e_per_declared_unit)
                * rows_of_method.estimated_share
            ) as estimated_kgco2e
        from rows_of_method
        left join flows
            on rows_of_method.flow_id = flows.flow_id
        group by
            rows_of_method.product_id,
            rows_of_method.reference_period,
            rows_of_method.result_method,
            rows_of_method.life_cycle_stage
        union all
        select
            product_id,
            reference_period,
            'cut_off' as method,
            '{{ basis }}' as basis,
            'manufacture' as life_cycle_stage,
            {% for column in gas_columns() -%}
                0.0 as {{ column }}_per_declared_unit,
            {% endfor -%}
            0.0 as kgco2e_per_declared_unit,
            0.0 as biogenic_kgco2e_per_declared_unit,
            0.0 as land_use_kgco2e_per_declared_unit,
            0.0 as aircraft_kgco2e_per_declared_unit,
            0.0 as gross_kgco2e,
            0.0 as primary_kgco2e,
            0.0 as estimated_kgco2e
        from without_lines
    {% endfor %}
)

select
    by_basis.product_id,
    by_basis.reference_period,
    by_basis.method,
    by_basis.basis,
    by_basis.life_cycle_stage,
    product_periods.declared_unit,
    product_periods.month_count,
    gwp.gwp_set,
    by_basis.kgco2e_per_declared_unit,
    {% for column in gas_columns() -%}
        by_basis.{{ column }}_per_declared_unit,
    {% endfor -%}
    by_basis.kgco2e_per_declared_unit
    - by_basis.biogenic_kgco2e_per_declared_unit
    - by_basis.land_use_kgco2e_per_declared_unit as fossil_kgco2e_per_declared_unit,
    by_basis.biogenic_kgco2e_per_declared_unit,
    by_basis.land_use_kgco2e_per_declared_unit,
    by_basis.aircraft_kgco2e_per_declared_unit,
    by_basis.primary_kgco2e / nullif(by_basis.gross_kgco2e, 0.0) as primary_data_share,
    by_basis.estimated_kgco2e / nullif(by_basis.gross_kgco2e, 0.0) as estimated_share,
    product_periods.output_quantity,
    product_periods.delivered_quantity
from by_basis
cross join gwp
inner join product_periods
    on
        by_basis.product_id = product_periods.product_id
        and by_basis.reference_period = product_periods.reference_period
