-- One row per figure of a calendar year and cause: how far the figure moves when the cause does.
-- Sites, scopes and categories add up; a product made at several sites is weighed by what each
-- made. Beyond the gate, freight moves with its own causes and, the other way, with what was
-- delivered; a scenario, and what a method adds to cut-off, are one cause each. A figure that isn't
-- published has no row.

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

deliveries as (

    select * from {{ ref('stg_uncertainty__deliveries') }}

),

bridges as (

    select * from {{ ref('stg_uncertainty__bridges') }}

),

reconciliation as (

    select * from {{ ref('reconciliation') }}
    where period_type = 'year'

),

distribution as (

    select * from {{ ref('int_distribution_emissions') }}
    where length(reference_period) = 4

),

contributions as (

    select * from {{ ref('product_contributions') }}
    where length(reference_period) = 4

),

product_periods as (

    select * from {{ ref('int_product_periods') }}

),

causes as (

    select * from {{ ref('stg_uncertainty__causes') }}

),

to_the_gate as (

    select
        markets.boundary,
        product_periods.product_id,
        product_periods.reference_period,
        product_periods.declared_unit,
        markets.basis,
        markets.cause_id,
        product_periods.market_weight
        * markets.kgco2e_per_unit
        / product_periods.declared_units_per_unit as sensitivity
    from markets
    inner join product_periods
        on
            markets.reference_period = product_periods.reference_period
            and markets.flow_id = product_periods.flow_id
            and markets.facility_id = product_periods.facility_id

),

product_flows as (

    select distinct
        product_id,
        reference_period,
        flow_id,
        declared_unit
    from product_periods

),

{% set bases = ['location_based', 'market_based'] -%}
-- what stages beyond the gate carry, and what other methods than cut-off add to each
beyond as (

    {% for basis in bases -%}
        {% if not loop.first -%} union all {% endif -%}
        select
            contributions.product_id,
            contributions.reference_period,
            '{{ basis }}' as basis,
            contributions.origin,
            contributions.method,
            contributions.life_cycle_stage,
            contributions.process_id,
            contributions.flow_id,
            contributions.component,
            product_flows.flow_id as product_flow_id,
            product_flows.declared_unit,
            contributions.{{ basis }}_kgco2e_per_declared_unit as kgco2e
        from contributions
        inner join product_flows
            on
                contributions.product_id = product_flows.product_id
                and contributions.reference_period = product_flows.reference_period
        where
            contributions.origin in ('scenario', 'method_adjustment')
            or contributions.life_cycle_stage = 'distribution'
    {% endfor %}
),

-- of freight by its own factors and quantities, and the other way by what was delivered
beyond_the_gate as (

    select
        beyond.product_id,
        beyond.reference_period,
        beyond.declared_unit,
        beyond.basis,
        deliveries.cause_id,
        beyond.kgco2e * deliveries.share as sensitivity
    from beyond
    inner join deliveries
        on
            beyond.reference_period = deliveries.reference_period
            and beyond.process_id = deliveries.process_id
            and beyond.flow_id = deliveries.flow_id
            and (deliveries.component is null or beyond.component = deliveries.component)
            and (deliveries.basis is null or beyond.basis = deliveries.basis)
    where beyond.origin = 'inventory'
    union all
    select
        beyond.product_id,
        beyond.reference_period,
        beyond.declared_unit,
        beyond.basis,
        deliveries.cause_id,
        -beyond.kgco2e * deliveries.share as sensitivity
    from beyond
    inner join deliveries
        on
            beyond.reference_period = deliveries.reference_period
            and beyond.product_flow_id = deliveries.flow_id
            and deliveries.process_id = ''
    where beyond.origin = 'inventory'
    union all
    select
        product_id,
        reference_period,
        declared_unit,
        basis,
        'scenario:' || product_id as cause_id,
        kgco2e as sensitivity
    from beyond
    where origin = 'scenario'

),

of_cut_off as (

    {% for boundary, source in [
        ('cradle_to_gate', 'cradle_to_gate'),
        ('gate_to_gate', 'gate_to_gate'),
        ('cradle_to_grave', 'cradle_to_gate')
    ] -%}
        {% if not loop.first -%} union all {% endif -%}
        select
            '{{ boundary }}' as boundary,
            product_id,
            reference_period,
            declared_unit,
            basis,
            cause_id,
            sensitivity
        from to_the_gate
        where boundary = '{{ source }}'
    {% endfor %}
    union all
    select
        'cradle_to_grave' as boundary,
        product_id,
        reference_period,
        declared_unit,
        basis,
        cause_id,
        sensitivity
    from beyond_the_gate

),

other_methods as (

    select distinct
        product_id,
        reference_period,
        method
    from beyond
    where origin = 'method_adjustment'

),

of_methods as (

    select
        of_cut_off.*,
        'cut_off' as method
    from of_cut_off
    union all
    select
        of_cut_off.*,
        other_methods.method
    from of_cut_off
    inner join other_methods
        on
            of_cut_off.product_id = other_methods.product_id
            and of_cut_off.reference_period = other_methods.reference_period
    {% for boundary, stages in [
        ('gate_to_gate', "('manufacture')"),
        ('cradle_to_gate', "('raw_material_acquisition', 'manufacture')"),
        (
            'cradle_to_grave',
            "('raw_material_acquisition', 'manufacture', 'distribution', 'use', 'disposal')"
        )
    ] -%}
        union all
        select
            '{{ boundary }}' as boundary,
            product_id,
            reference_period,
            declared_unit,
            basis,
            'recycling_method:' || product_id || '/' || method as cause_id,
            kgco2e as sensitivity,
            method
        from beyond
        where
            origin = 'method_adjustment'
            and life_cycle_stage in {{ stages }}
    {% endfor %}
),

-- freight to customers leaves the processes outside the system, and stands with the products
freight as (

    {% for basis in bases -%}
        {% if not loop.first -%} union all {% endif -%}
        select
            distribution.reference_period,
            '{{ basis }}' as basis,
            deliveries.cause_id,
            distribution.{{ basis }}_kgco2e * deliveries.share as kgco2e
        from distribution
        inner join deliveries
            on
                distribution.reference_period = deliveries.reference_period
                and distribution.process_id = deliveries.process_id
                and distribution.flow_id = deliveries.flow_id
                and (deliveries.component is null or distribution.component = deliveries.component)
                and (deliveries.basis is null or deliveries.basis = '{{ basis }}')
        where
            distribution.reference_period in (select bridges.reference_period from bridges)
            and distribution.{{ basis }}_kgco2e <> 0.0
    {% endfor %}
),

of_the_bridge as (

    select
        reference_period,
        bridge_line,
        basis,
        cause_id,
        kgco2e
    from bridges
    {% for bridge_line in ['products', 'non_product_processes'] -%}
        union all
        select
            reference_period,
            '{{ bridge_line }}' as bridge_line,
            basis,
            cause_id,
            kgco2e
        from freight
    {% endfor %}
    union all
    select
        cast(inventory.inventory_year as string) as reference_period,
        'inventory' as bridge_line,
        inventory.basis,
        inventory.cause_id,
        inventory.kgco2e
    from inventory
    where
        cast(inventory.inventory_year as string) in (select bridges.reference_period from bridges)
        -- what happens after the sale stands in no bridge
        and inventory.cause_id not like 'scenario:%'

),

lines_with_causes as (

    select distinct
        bridge_line,
        reference_period,
        basis
    from of_the_bridge

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
        'bridge' as figure_kind,
        bridge_line as subject,
        reference_period,
        basis,
        'kgCO2e' as unit,
        cause_id,
        sum(kgco2e) as sensitivity
    from of_the_bridge
    group by bridge_line, reference_period, basis, cause_id
    union all
    select
        {{ footprint_kind('of_methods.boundary', 'of_methods.method') }} as figure_kind,
        of_methods.product_id as subject,
        of_methods.reference_period,
        of_methods.basis,
        'kgCO2e/' || of_methods.declared_unit as unit,
        of_methods.cause_id,
        sum(of_methods.sensitivity) as sensitivity
    from of_methods
    group by
        of_methods.boundary,
        of_methods.method,
        of_methods.product_id,
        of_methods.reference_period,
        of_methods.basis,
        of_methods.declared_unit,
        of_methods.cause_id

),

published as (

    {% for kind, subject in kinds -%}
        {% for basis in bases -%}
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
    {% for basis in bases -%}
        select
            'bridge' as figure_kind,
            lines_with_causes.bridge_line as subject,
            lines_with_causes.reference_period,
            '{{ basis }}' as basis,
            -- what comes out as nothing has no line there, and may be wrong all the same
            coalesce(sum(reconciliation.{{ basis }}_kgco2e), 0.0) as figure_value
        from lines_with_causes
        left join reconciliation
            on
                lines_with_causes.bridge_line = reconciliation.bridge_line
                and lines_with_causes.reference_period = reconciliation.reference_period
        where lines_with_causes.basis = '{{ basis }}'
        group by lines_with_causes.bridge_line, lines_with_causes.reference_period
        union all
    {% endfor %}
    select
        {{ footprint_kind('boundary', 'method') }} as figure_kind,
        product_id as subject,
        reference_period,
        basis,
        kgco2e_per_declared_unit as figure_value
    from footprints
    where kgco2e_per_declared_unit is not null

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
