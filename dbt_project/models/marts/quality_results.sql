-- One row per rule and object that the gate or the calculation has something to say about.

with findings as (

    select * from {{ ref('stg_gate__findings') }}

),

verdicts as (

    select * from {{ ref('stg_gate__verdicts') }}

),

exempted as (

    select * from {{ ref('int_exempted_activities') }}

),

from_gate as (

    select
        findings.round,
        findings.hand_in,
        verdicts.state as hand_in_state,
        'gate' as judged_by,
        findings.rule_id,
        findings.severity,
        findings.source_file,
        findings.source_sheet,
        findings.source_cell,
        findings.period_month,
        findings.flow_id,
        findings.process_id,
        findings.observed,
        findings.expected,
        findings.tolerance,
        findings.message_en,
        findings.message_zh,
        findings.remedy_en,
        findings.remedy_zh
    from findings
    left join verdicts
        on
            findings.round = verdicts.round
            and findings.hand_in = verdicts.hand_in

),

from_calculation as (

    select
        round,
        hand_in,
        null as hand_in_state,
        'calculation' as judged_by,
        'flow_exempted' as rule_id,
        'info' as severity,
        source_file,
        source_sheet,
        source_cell,
        period_month,
        flow_id,
        process_id,
        cast(quantity as varchar) || ' ' || unit_code as observed,
        'an emission factor' as expected,
        null as tolerance,
        'Carried without an emission factor: ' || exempted_because as message_en,
        '未配排放因子：' || exempted_because as message_zh,
        'Add a factor to emission_factors/ and the component to company/flows.csv '
        || 'once one is published.' as remedy_en,
        '取得公布的因子后，补入 emission_factors/ 并在 company/flows.csv 填写 components。'
            as remedy_zh
    from exempted

),

all_results as (

    select * from from_gate
    union all
    select * from from_calculation

)

select
    round,
    hand_in,
    hand_in_state,
    judged_by,
    rule_id,
    severity,
    source_file,
    source_sheet,
    source_cell,
    period_month,
    flow_id,
    process_id,
    observed,
    expected,
    tolerance,
    message_en,
    message_zh,
    remedy_en,
    remedy_zh
from all_results
