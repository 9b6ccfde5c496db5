-- One row per figure of a calendar year and cause: how far the figure moves when the cause does.
-- Sites, scopes and categories add up; a product made at several sites is weighed by what each
-- made.

with inventory as (

    select * from {{ ref('stg_uncertainty__inventory') }}

),

markets as (

    select * from {{ ref('stg_uncertainty__markets') }}

),

product_periods as (

    select * from {{ ref('int_product_periods') }}

),

causes as (

    select * from {{ ref('stg_uncertainty__causes') }}

),

figures as (

    {% for kind, subject in [
        ('inventory', "''"),
        ('scope', 'cast(ghg_scope as string)'),
        ('site', 'facility_id'),
        ('category', 'ghg_category')
    ] -%}
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

-- a figure is proportional to its factors together, so it is the sum of what moves with them
with_value as (

    select
        figures.*,
        causes.cause_kind,
        causes.deviation,
        sum(
            case
                when causes.cause_kind in ('factor', 'opening_stock') then figures.sensitivity
                else 0.0
            end
        ) over (
            partition by
                figures.figure_kind, figures.subject, figures.reference_period, figures.basis
        ) as figure_value
    from figures
    inner join causes
        on figures.cause_id = causes.cause_id

)

select
    figure_kind,
    subject,
    reference_period,
    basis,
    cause_id,
    cause_kind,
    unit,
    figure_value,
    sensitivity,
    sensitivity / nullif(figure_value, 0.0) as elasticity,
    deviation,
    sensitivity * deviation as standard_deviation
from with_value
