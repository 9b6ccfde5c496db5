-- The terms of every line add up to its change, and all lines of a pair of periods to that of the
-- inventory or the footprint: to a billionth of the larger period.

{{ config(meta={'dagster': {'ref': {'name': 'variance_explained'}}}) }}

with variance as (

    select * from {{ ref('variance_explained') }}

),

inventory as (

    select
        substr(cast(period_month as string), 1, 7) as period,
        sum(location_based_kgco2e) as location_based_kgco2e
    from {{ ref('emissions_by_process') }}
    group by substr(cast(period_month as string), 1, 7)

),

footprints as (

    select
        product_id,
        reference_period,
        basis,
        sum(kgco2e_per_declared_unit) as kgco2e
    from {{ ref('emissions_by_product') }}
    where method = 'cut_off'
    group by product_id, reference_period, basis

),

of_lines as (

    select
        comparison || ' ' || older_period || ' ' || newer_period as compared,
        coalesce(product_id, facility_id) || '/' || process_id || '/' || flow_id as subject,
        basis,
        newer_value - older_value as change,
        {% for term in change_terms() -%}
            {{ term }}_change {{ '+' if not loop.last }}
        {% endfor %} as terms,
        abs(older_value) + abs(newer_value) as size
    from variance

),

of_months as (

    select
        'month ' || variance.older_period || ' ' || variance.newer_period as compared,
        max(variance.facility_id) as subject,
        variance.basis,
        max(newer.location_based_kgco2e - older.location_based_kgco2e) as change,
        sum(variance.change) as terms,
        max(newer.location_based_kgco2e + older.location_based_kgco2e) as size
    from variance
    inner join inventory as older
        on variance.older_period = older.period
    inner join inventory as newer
        on variance.newer_period = newer.period
    where
        variance.figure_kind = 'inventory'
        and variance.comparison = 'month'
        and variance.basis = 'location_based'
    group by variance.older_period, variance.newer_period, variance.basis

),

of_footprints as (

    select
        variance.comparison || ' ' || variance.older_period || ' ' || variance.newer_period
            as compared,
        variance.product_id as subject,
        variance.basis,
        max(newer.kgco2e - older.kgco2e) as change,
        sum(variance.change) as terms,
        max(newer.kgco2e + older.kgco2e) as size
    from variance
    inner join footprints as older
        on
            variance.product_id = older.product_id
            and variance.older_period = older.reference_period
            and variance.basis = older.basis
    inner join footprints as newer
        on
            variance.product_id = newer.product_id
            and variance.newer_period = newer.reference_period
            and variance.basis = newer.basis
    where variance.figure_kind = 'product'
    group by
        variance.comparison,
        variance.older_period,
        variance.newer_period,
        variance.product_id,
        variance.basis

),

together as (

    select * from of_lines
    union all
    select * from of_months
    union all
    select * from of_footprints

)

select *
from together
where abs(change - terms) > 1e-9 * size
