-- One row per initiative, line and rule that it breaks.

select
    initiative_id,
    rule_id,
    severity,
    source_line,
    reference_period,
    facility_id,
    process_id,
    flow_id,
    message_en,
    message_zh,
    remedy_en,
    remedy_zh
from {{ source('reduction', 'initiative_findings') }}
