-- One row per outbound freight line of a process outside the product system, delivery document and
-- product: the share of the line that belongs to the product. Products on the document share by
-- mass; a line without a document, or with none of our products on it, is shared by what was
-- delivered of each product from the site in the month, or from all sites if nothing was from here.

{{ replace_partitions() }}

with activities as (

    select * from {{ ref('int_activities') }}
    where
        {{ in_stale_months('period_month') }}
        and flow_kind in ('freight_outbound', 'freight_outbound_paid', 'product')

),

processes as (

    select * from {{ ref('stg_company__processes') }}
    where process_type = 'non_product'

),

mass_units as (

    select * from {{ ref('mass_units') }}

),

shares as (

    select * from {{ ref('int_delivery_shares') }}

),

product_months as (

    select * from {{ ref('int_product_months') }}
    where {{ in_stale_months('period_month') }}

),

freight as (

    select
        activities.facility_id,
        activities.process_id,
        activities.flow_id,
        activities.direction,
        activities.period_month,
        activities.supplier_key,
        activities.freight_document,
        sum(activities.quantity) as quantity
    from activities
    inner join processes
        on activities.process_id = processes.process_id
    where activities.flow_kind <> 'product'
    group by
        activities.facility_id,
        activities.process_id,
        activities.flow_id,
        activities.direction,
        activities.period_month,
        activities.supplier_key,
        activities.freight_document

),

lines as (

    select
        process_id,
        flow_id,
        direction,
        period_month,
        supplier_key,
        sum(quantity) as quantity
    from freight
    group by process_id, flow_id, direction, period_month, supplier_key

),

-- a product kept in pieces shares a document with others by its quantity
on_documents as (

    select
        activities.source_file || '#' || activities.document_no as freight_document,
        activities.period_month,
        shares.product_id,
        sum(
            activities.quantity
            * coalesce(mass_units.kg_per_unit, 1.0)
            * shares.delivery_share
        ) as weight
    from activities
    inner join processes
        on activities.process_id = processes.process_id
    inner join shares
        on
            activities.period_month = shares.period_month
            and activities.facility_id = shares.facility_id
            and activities.flow_id = shares.flow_id
    left join mass_units
        on activities.unit_code = mass_units.unit_code
    where
        activities.flow_kind = 'product'
        and activities.direction = 'input'
        and activities.document_no is not null
        and shares.delivery_share > 0.0
    group by
        activities.source_file || '#' || activities.document_no,
        activities.period_month,
        shares.product_id

),

by_document as (

    select
        freight_document,
        period_month,
        product_id,
        weight / sum(weight) over (partition by freight_document, period_month) as product_share
    from on_documents
    where weight > 0.0

),

known_documents as (

    select distinct
        freight_document,
        period_month
    from by_document

),

by_site as (

    select
        facility_id,
        period_month,
        product_id,
        coalesce(delivered_kg, delivered_quantity)
        / sum(coalesce(delivered_kg, delivered_quantity))
            over (partition by facility_id, period_month) as product_share
    from product_months
    where delivered_quantity > 0.0

),

by_company as (

    select
        period_month,
        product_id,
        sum(coalesce(delivered_kg, delivered_quantity))
        / sum(sum(coalesce(delivered_kg, delivered_quantity)))
            over (partition by period_month) as product_share
    from product_months
    where delivered_quantity > 0.0
    group by period_month, product_id

),

delivering_sites as (

    select distinct
        facility_id,
        period_month
    from by_site

),

by_delivery as (

    select
        facility_id,
        period_month,
        product_id,
        product_share,
        'site_and_month' as distribution_key
    from by_site
    union all
    select
        sites.facility_id,
        sites.period_month,
        by_company.product_id,
        by_company.product_share,
        'company_and_month' as distribution_key
    from (
        select distinct
            facility_id,
            period_month
        from freight
    ) as sites
    inner join by_company
        on sites.period_month = by_company.period_month
    left join delivering_sites
        on
            sites.facility_id = delivering_sites.facility_id
            and sites.period_month = delivering_sites.period_month
    where delivering_sites.facility_id is null

),

shared as (

    select
        freight.facility_id,
        freight.process_id,
        freight.flow_id,
        freight.direction,
        freight.period_month,
        freight.supplier_key,
        freight.freight_document,
        freight.quantity,
        by_document.product_id,
        by_document.product_share,
        'document' as distribution_key
    from freight
    inner join by_document
        on
            freight.freight_document = by_document.freight_document
            and freight.period_month = by_document.period_month
    union all
    select
        freight.facility_id,
        freight.process_id,
        freight.flow_id,
        freight.direction,
        freight.period_month,
        freight.supplier_key,
        freight.freight_document,
        freight.quantity,
        by_delivery.product_id,
        by_delivery.product_share,
        by_delivery.distribution_key
    from freight
    inner join by_delivery
        on
            freight.facility_id = by_delivery.facility_id
            and freight.period_month = by_delivery.period_month
    left join known_documents
        on
            freight.freight_document = known_documents.freight_document
            and freight.period_month = known_documents.period_month
    where known_documents.freight_document is null

)

select
    shared.facility_id,
    shared.process_id,
    shared.flow_id,
    shared.direction,
    shared.period_month,
    shared.supplier_key,
    shared.freight_document,
    shared.product_id,
    shared.distribution_key,
    shared.quantity / lines.quantity as line_share,
    shared.product_share
from shared
inner join lines
    on
        shared.process_id = lines.process_id
        and shared.flow_id = lines.flow_id
        and shared.direction = lines.direction
        and shared.period_month = lines.period_month
        and shared.supplier_key = lines.supplier_key
-- transport that was cancelled in full emits nothing
where lines.quantity <> 0.0
