-- One row per figure of a calendar year and cause: how far the figure moves when the cause does.
-- Sites, scopes and categories add up; a product made at several sites is weighed by what each
-- made. A figure that isn't published has no row.

with inventory as (

    select * from {{ ref('stg_uncertainty__inventory') }}

),

markets as (

    select * from {{ ref('stg_uncertainty__markets') }}

),

facility_inventory as (

    select * from {{ ref('facility_inventory') }}

),

footprints as (

    select * from {{ ref('product_footprints') }}

),

product_periods as (

    select * from {{ ref('int_product_periods') }}

),

causes as (

    select * from {{ ref('stg_uncertainty__causes') }}

),

{% set kinds = [
    ('inventory', "''"),
    ('scope', 'cast(ghg_scope as string)'),
    ('site', 'facility_id'),
    ('category', 'ghg_category')
] -%}
moved as (

    {% for kind, subject in kinds -%}
        select
            '{{ kind }}' as figure_kind,
            {{ subject }} as subject,
            cast(inventory_year as string) as reference_period,
            basis,
            'kgCO2e' as unit,
            cause_id,
            sum(kgco2e) as sensitivity
        from inventory
        group by {{ subject }}, inventory_year, basis, cause_id
        union all
    {% endfor %}
    select
        'product' as figure_kind,
        product_periods.product_id as subject,
        product_periods.reference_period,
        markets.basis,
        'kgCO2e/' || product_periods.declared_unit as unit,
        markets.cause_id,
        sum(
            product_periods.market_weight
            * markets.kgco2e_per_unit
            / product_periods.declared_units_per_unit
        ) as sensitivity
    from markets
    inner join product_periods
        on
            markets.reference_period = product_periods.reference_period
            and markets.flow_id = product_periods.flow_id
            and markets.facility_id = product_periods.facility_id
    group by
        product_periods.product_id,
        product_periods.reference_period,
        product_periods.declared_unit,
        markets.basis,
        markets.cause_id

),

published as (

    {% for kind, subject in kinds -%}
        {% for basis in ['location_based', 'market_based'] -%}
            select
                '{{ kind }}' as figure_kind,
                {{ subject }} as subject,
                cast(inventory_year as string) as reference_period,
                '{{ basis }}' as basis,
                sum({{ basis }}_kgco2e) as figure_value
            from facility_inventory
            where {{ basis }}_kgco2e is not null
            group by {{ subject }}, inventory_year
            union all
        {% endfor %}
    {% endfor %}
    select
        'product' as figure_kind,
        product_id as subject,
        reference_period,
        basis,
        kgco2e_per_declared_unit as figure_value
    from footprints
    where
        method = 'cut_off'
        and boundary = 'cradle_to_gate'
        and kgco2e_per_declared_unit is not null

)

select
    moved.figure_kind,
    moved.subject,
    moved.reference_period,
    moved.basis,
    moved.cause_id,
    causes.cause_kind,
    moved.unit,
    published.figure_value,
    moved.sensitivity,
    moved.sensitivity / nullif(published.figure_value, 0.0) as elasticity,
    causes.deviation,
    moved.sensitivity * causes.deviation as standard_deviation
from moved
inner join causes
    on moved.cause_id = causes.cause_id
inner join published
    on
        moved.figure_kind = published.figure_kind
        and moved.subject = published.subject
        and moved.reference_period = published.reference_period
        and moved.basis = published.basis
