-- One row per cell that broke a rule of the gate.

select
    -- where
    round,
    hand_in,
    source,
    source_file,
    source_sheet,
    source_cell,
    other_cells,
    cast(period_month as date) as period_month,
    flow_id,
    process_id,

    -- what
    rule_id,
    severity,
    observed,
    expected,
    tolerance,
    message_en,
    message_zh,
    remedy_en,
    remedy_zh,

    -- who answers for it
    waiver_reason,
    waived_by,
    cast(waived_until as date) as waived_until,

    -- what it only follows from
    caused_by
from {{ source('quality', 'findings') }}
