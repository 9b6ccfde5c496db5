-- One row per reference period, rule and object that broke it.

select
    reference_period,
    rule_id,
    severity,
    facility_id,
    process_id,
    flow_id,
    observed,
    expected,
    message_en,
    message_zh,
    remedy_en,
    remedy_zh
from {{ source('solved', 'findings') }}
