-- Coefficient × cell, summed, is the inventory part of a product's footprint: by process and flow,
-- on both bases, for every reference period solved in this run.

{{ config(meta={'dagster': {'ref': {'name': 'product_coefficients'}}}) }}

with stale as (

    select reference_period
    from {{ ref('stg_solved__periods') }}
    where is_stale

),

footprints as (

    select
        product_id,
        reference_period,
        process_id,
        flow_id,
        sum(location_based_kgco2e_per_declared_unit) as location_based,
        sum(market_based_kgco2e_per_declared_unit) as market_based
    from {{ ref('product_contributions') }}
    where
        origin = 'inventory'
        and reference_period in (select stale.reference_period from stale)
    group by product_id, reference_period, process_id, flow_id

),

-- a line has many cells; its coefficient is one
lines as (

    select
        process_id,
        flow_id,
        component,
        period_month,
        freight_document,
        sum(case when basis = 'location_based' then part_kgco2e else 0.0 end) as location_based,
        sum(case when basis = 'market_based' then part_kgco2e else 0.0 end) as market_based
    from {{ ref('lineage') }}
    where
        period_month in (
            select months.period_month
            from {{ ref('int_period_months') }} as months
            where
                months.reference_period in (
                    select requirements.operation_period
                    from {{ ref('int_product_requirements') }} as requirements
                    inner join stale
                        on requirements.reference_period = stale.reference_period
                )
                or months.reference_period in (select stale.reference_period from stale)
        )
    group by process_id, flow_id, component, period_month, freight_document

),

parts as (

    select
        coefficients.product_id,
        coefficients.reference_period,
        coefficients.process_id,
        coefficients.flow_id,
        sum(coefficients.coefficient_per_declared_unit * lines.location_based)
            as location_based,
        sum(coefficients.coefficient_per_declared_unit * lines.market_based) as market_based
    from {{ ref('product_coefficients') }} as coefficients
    inner join lines
        on
            coefficients.process_id = lines.process_id
            and coefficients.flow_id = lines.flow_id
            and coefficients.component = lines.component
            and coefficients.period_month = lines.period_month
            and (
                coefficients.origin = 'requirement'
                or coefficients.freight_document = lines.freight_document
            )
    where coefficients.reference_period in (select stale.reference_period from stale)
    group by
        coefficients.product_id,
        coefficients.reference_period,
        coefficients.process_id,
        coefficients.flow_id

)

select
    coalesce(footprints.product_id, parts.product_id) as product_id,
    coalesce(footprints.reference_period, parts.reference_period) as reference_period,
    coalesce(footprints.process_id, parts.process_id) as process_id,
    coalesce(footprints.flow_id, parts.flow_id) as flow_id,
    footprints.location_based,
    parts.location_based as location_based_parts,
    footprints.market_based,
    parts.market_based as market_based_parts
from footprints
full outer join parts
    on
        footprints.product_id = parts.product_id
        and footprints.reference_period = parts.reference_period
        and footprints.process_id = parts.process_id
        and footprints.flow_id = parts.flow_id
where
    abs(coalesce(footprints.location_based, 0.0) - coalesce(parts.location_based, 0.0))
    > 1e-12 + 1e-9 * abs(coalesce(footprints.location_based, 0.0))
    or abs(coalesce(footprints.market_based, 0.0) - coalesce(parts.market_based, 0.0))
    > 1e-12 + 1e-9 * abs(coalesce(footprints.market_based, 0.0))
