-- The shares of an outbound transport that products carry add up to one, document by document and
-- over the documents of a line.

with documents as (

    select
        process_id,
        flow_id,
        direction,
        period_month,
        supplier_key,
        freight_document,
        max(line_share) as line_share,
        sum(product_share) as product_share
    from {{ ref('int_distribution') }}
    group by process_id, flow_id, direction, period_month, supplier_key, freight_document

)

select
    process_id,
    flow_id,
    direction,
    period_month,
    supplier_key,
    sum(line_share) as line_share,
    sum(line_share * product_share) as distributed_share
from documents
group by process_id, flow_id, direction, period_month, supplier_key
having
    abs(sum(line_share) - 1.0) > 1e-9
    or max(abs(product_share - 1.0)) > 1e-9
