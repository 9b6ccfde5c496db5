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

-- a waiver of the calculation names process/flow/month; the newest round's word counts
waivers as (

    select
        rule_id,
        lower(object) as finding_object,
        reason,
        approved_by,
        valid_until,
        row_number() over (
            partition by rule_id, lower(object)
            order by round desc, source_line desc
        ) as waiver_no
    from {{ ref('stg_gate__waivers') }}
    where state = 'calculation'

),

from_gate as (

    select
        findings.round,
        -- a file that nobody expects belongs to no hand-in
        coalesce(findings.hand_in, '') as hand_in,
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
        findings.remedy_zh,
        findings.waiver_reason,
        findings.waived_by,
        findings.waived_until
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
            as remedy_zh,
        cast(null as varchar) as waiver_reason,
        cast(null as varchar) as waived_by,
        cast(null as date) as waived_until
    from exempted

),

all_results as (

    select * from from_gate
    union all
    select * from from_calculation

)

select
    all_results.round,
    all_results.hand_in,
    all_results.hand_in_state,
    all_results.judged_by,
    all_results.rule_id,
    all_results.severity,
    all_results.source_file,
    all_results.source_sheet,
    all_results.source_cell,
    all_results.period_month,
    all_results.flow_id,
    all_results.process_id,
    all_results.observed,
    all_results.expected,
    all_results.tolerance,
    all_results.message_en,
    all_results.message_zh,
    all_results.remedy_en,
    all_results.remedy_zh,
    coalesce(all_results.waiver_reason, waivers.reason) as waiver_reason,
    coalesce(all_results.waived_by, waivers.approved_by) as waived_by,
    coalesce(all_results.waived_until, waivers.valid_until) as waived_until
from all_results
left join waivers
    on
        all_results.judged_by <> 'gate'
        and all_results.rule_id = waivers.rule_id
        and lower(concat_ws(
            '/',
            nullif(all_results.process_id, ''),
            nullif(all_results.flow_id, ''),
            substr(cast(all_results.period_month as varchar), 1, 7)
        )) = waivers.finding_object
        and waivers.waiver_no = 1
