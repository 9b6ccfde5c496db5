-- The products line of the reconciliation is the footprint of the products: what was made times
-- the intensity of its site at the gate, and the freight of what was delivered, counted over the
-- markets of the solve and over the products.

{{ config(meta={'dagster': {'ref': {'name': 'reconciliation'}}}) }}

with products as (

    select * from {{ ref('stg_company__products') }}

),

footprints as (

    select
        product_id,
        reference_period,
        basis,
        max(output_quantity) as output_quantity,
        max(delivered_quantity) as delivered_quantity
    from {{ ref('emissions_by_product') }}
    where
        {{ in_stale_periods('reference_period') }}
        and method = 'cut_off'
    group by product_id, reference_period, basis

),

contributions as (

    select
        contributions.product_id,
        contributions.reference_period,
        processes.process_type,
        sum(contributions.location_based_kgco2e_per_declared_unit) as location_based_kgco2e,
        sum(contributions.market_based_kgco2e_per_declared_unit) as market_based_kgco2e
    from {{ ref('product_contributions') }} as contributions
    -- no process of the company stands for what is stated of stock
    left join {{ ref('stg_company__processes') }} as processes
        on contributions.process_id = processes.process_id
    where
        {{ in_stale_periods('contributions.reference_period') }}
        and contributions.origin in ('inventory', 'opening_stock')
    group by contributions.product_id, contributions.reference_period, processes.process_type

),

of_products as (

    select
        footprints.product_id,
        footprints.reference_period,
        sum(
            case
                when contributions.process_type = 'non_product' then 0.0
                else footprints.output_quantity
            end * contributions.location_based_kgco2e
        ) as made_location_based_kgco2e,
        sum(
            case
                when contributions.process_type = 'non_product' then 0.0
                else footprints.output_quantity
            end * contributions.market_based_kgco2e
        ) as made_market_based_kgco2e,
        sum(
            case
                when contributions.process_type = 'non_product' then footprints.delivered_quantity
                else 0.0
            end * contributions.location_based_kgco2e
        ) as freight_location_based_kgco2e,
        max(footprints.delivered_quantity) as delivered_quantity
    from footprints
    inner join contributions
        on
            footprints.product_id = contributions.product_id
            and footprints.reference_period = contributions.reference_period
    where footprints.basis = 'location_based'
    group by footprints.product_id, footprints.reference_period

),

made as (

    select
        product_periods.product_id,
        product_periods.reference_period,
        sum(
            product_periods.market_weight
            * product_periods.made_quantity
            * intensities.location_based_kgco2e_per_unit
        ) as made_location_based_kgco2e,
        sum(
            product_periods.market_weight
            * product_periods.made_quantity
            * intensities.market_based_kgco2e_per_unit
        ) as made_market_based_kgco2e
    from {{ ref('int_product_periods') }} as product_periods
    inner join {{ ref('flow_intensities') }} as intensities
        on
            product_periods.reference_period = intensities.reference_period
            and product_periods.flow_id = intensities.flow_id
            and product_periods.facility_id = intensities.facility_id
    where {{ in_stale_periods('product_periods.reference_period') }}
    group by product_periods.product_id, product_periods.reference_period

),

freight as (

    select
        distribution.product_id,
        distribution.reference_period,
        sum(distribution.location_based_kgco2e / nullif(distribution.consolidation_share, 0.0))
            as freight_location_based_kgco2e
    from {{ ref('int_distribution_emissions') }} as distribution
    where {{ in_stale_periods('distribution.reference_period') }}
    group by distribution.product_id, distribution.reference_period

),

product_totals as (

    select
        product_id,
        reference_period,
        max(made_quantity) as made_quantity,
        count(*) as site_count
    from {{ ref('int_product_periods') }}
    group by product_id, reference_period

),

-- what was delivered at each site, at the intensity of the site, and the freight
line_of_products as (

    select
        reference_period,
        flow_id,
        sum(case when process_id = '' then location_based_kgco2e else 0.0 end)
            as gate_location_based_kgco2e,
        sum(case when process_id = '' then quantity else 0.0 end) as delivered_quantity,
        count(distinct case when process_id = '' then facility_id end) as site_count
    from {{ ref('reconciliation') }}
    where
        {{ in_stale_periods('reference_period') }}
        and bridge_line = 'products'
    group by reference_period, flow_id

)

select
    of_products.product_id,
    of_products.reference_period,
    of_products.made_location_based_kgco2e,
    made.made_location_based_kgco2e as made_by_markets_location_based_kgco2e,
    of_products.made_market_based_kgco2e,
    made.made_market_based_kgco2e as made_by_markets_market_based_kgco2e,
    of_products.freight_location_based_kgco2e,
    freight.freight_location_based_kgco2e as freight_by_lines_location_based_kgco2e,
    line_of_products.gate_location_based_kgco2e,
    product_totals.made_quantity
from of_products
inner join products
    on of_products.product_id = products.product_id
left join made
    on
        of_products.product_id = made.product_id
        and of_products.reference_period = made.reference_period
left join freight
    on
        of_products.product_id = freight.product_id
        and of_products.reference_period = freight.reference_period
left join line_of_products
    on
        products.flow_id = line_of_products.flow_id
        and of_products.reference_period = line_of_products.reference_period
left join product_totals
    on
        of_products.product_id = product_totals.product_id
        and of_products.reference_period = product_totals.reference_period
where
    made.product_id is null
    or abs(of_products.made_location_based_kgco2e - made.made_location_based_kgco2e)
    > 1e-6 + 1e-9 * abs(made.made_location_based_kgco2e)
    or abs(of_products.made_market_based_kgco2e - made.made_market_based_kgco2e)
    > 1e-6 + 1e-9 * abs(made.made_market_based_kgco2e)
    or abs(
        of_products.freight_location_based_kgco2e
        - coalesce(freight.freight_location_based_kgco2e, 0.0)
    ) > 1e-6 + 1e-9 * abs(coalesce(freight.freight_location_based_kgco2e, 0.0))
    -- of a product that one site makes, the line is the delivered part of what was made
    or (
        product_totals.site_count = 1
        and line_of_products.site_count = 1
        and abs(
            of_products.made_location_based_kgco2e
            * line_of_products.delivered_quantity
            / nullif(product_totals.made_quantity, 0.0)
            - line_of_products.gate_location_based_kgco2e
        ) > 1e-6 + 1e-9 * abs(line_of_products.gate_location_based_kgco2e)
    )
