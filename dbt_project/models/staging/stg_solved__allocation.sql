-- One row per reference period, process and valued output.

select
    reference_period,
    process_id,
    flow_id,
    basis,
    quantity,
    allocation_share,
    price_ratio,
    pact_verdict,
    follows_pact,
    justification
from {{ source('solved', 'allocation') }}
