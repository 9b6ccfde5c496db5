-- One row per rule of the gate, of the calculation, of the balances and of the product system.

select
    rule_id,
    judged_by,
    suite,
    severity,
    object_kind,
    tolerance_rules,
    is_waivable,
    title_en,
    title_zh,
    remedy_en,
    remedy_zh,
    mended_in
from {{ ref('quality_rule_book') }}
