-- One row per rule and object that the gate or the calculation has something to say about.

with findings as (

    select * from {{ ref('stg_gate__findings') }}

),

verdicts as (

    select * from {{ ref('stg_gate__verdicts') }}

),

-- a waiver of the calculation names process (or site)/flow/month; the newest round's word counts
waivers as (

    select
        round,
        rule_id,
        lower(object) as finding_object,
        reason,
        approved_by,
        valid_until,
        source_line,
        row_number() over (
            partition by rule_id, lower(object)
            order by round desc, source_line desc
        ) as waiver_no
    from {{ ref('stg_gate__waivers') }}
    where state = 'calculation'

),

calculation as (

    select * from {{ ref('int_calculation_findings') }}

),

rules as (

    select * from {{ ref('quality_rule_book') }}

),

finding_cells as (

    select
        *,
        concat_ws('!', source_file, source_sheet, source_cell) as cell
    from {{ ref('int_finding_cells') }}

),

other_cells as (

    select
        rule_id,
        finding_object,
        {{ listed_in_order('cell', "'\n'", 'cell_rank') }} as other_cells
    from finding_cells
    where cell_rank > 1
    group by rule_id, finding_object

),

-- where it is mended: in the hand-in with the likeliest cell, else in a file of the data folder
located_calculation as (

    select
        coalesce(finding_cells.round, calculation.round) as round,
        coalesce(finding_cells.hand_in, calculation.hand_in) as hand_in,
        calculation.hand_in_state,
        calculation.judged_by,
        calculation.rule_id,
        calculation.severity,
        case
            when calculation.source_file is not null then calculation.source_file
            when rules.mended_in <> 'hand_in' then rules.mended_in
            else finding_cells.source_file
        end as source_file,
        coalesce(calculation.source_sheet, finding_cells.source_sheet) as source_sheet,
        coalesce(calculation.source_cell, finding_cells.source_cell) as source_cell,
        calculation.period_month,
        calculation.reference_period,
        calculation.facility_id,
        calculation.flow_id,
        calculation.process_id,
        calculation.observed,
        calculation.expected,
        calculation.tolerance,
        calculation.affected_kgco2e,
        calculation.affected_facility_id,
        calculation.message_en,
        calculation.message_zh,
        calculation.remedy_en,
        calculation.remedy_zh,
        calculation.waiver_reason,
        calculation.waived_by,
        calculation.waived_until,
        other_cells.other_cells,
        cast(null as string) as caused_by,
        calculation.finding_object
    from calculation
    left join rules
        on calculation.rule_id = rules.rule_id
    left join finding_cells
        on
            calculation.rule_id = finding_cells.rule_id
            and calculation.finding_object = finding_cells.finding_object
            and finding_cells.cell_rank = 1
    left join other_cells
        on
            calculation.rule_id = other_cells.rule_id
            and calculation.finding_object = other_cells.finding_object

),

affected as (

    select * from {{ ref('int_affected_emissions') }}

),

from_gate as (

    select
        -- a factor library is collected for no round
        coalesce(findings.round, '') as round,
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
        cast(null as string) as reference_period,
        cast(null as string) as facility_id,
        findings.flow_id,
        findings.process_id,
        findings.observed,
        findings.expected,
        findings.tolerance,
        cast(null as double) as affected_kgco2e,
        verdicts.facility_id as affected_facility_id,
        findings.message_en,
        findings.message_zh,
        findings.remedy_en,
        findings.remedy_zh,
        findings.waiver_reason,
        findings.waived_by,
        findings.waived_until,
        findings.other_cells,
        findings.caused_by
    from findings
    left join verdicts
        on
            coalesce(findings.round, '') = coalesce(verdicts.round, '')
            and findings.hand_in = verdicts.hand_in

),

-- a waiver of the gate that matches nothing is found there
without_object as (

    select
        waivers.round,
        '' as hand_in,
        null as hand_in_state,
        'calculation' as judged_by,
        'waiver_matches' as rule_id,
        'warning' as severity,
        'rounds/' || waivers.round || '/waivers.csv' as source_file,
        null as source_sheet,
        'L' || cast(waivers.source_line as string) as source_cell,
        cast(null as date) as period_month,
        null as reference_period,
        null as facility_id,
        null as flow_id,
        null as process_id,
        waivers.rule_id || ' ' || waivers.finding_object as observed,
        null as expected,
        cast(null as double) as tolerance,
        cast(null as double) as affected_kgco2e,
        cast(null as string) as affected_facility_id,
        'Line ' || cast(waivers.source_line as string) || ' waives ' || waivers.rule_id || ' of '
        || waivers.finding_object || ', which the calculation has not found.' as message_en,
        '第 ' || cast(waivers.source_line as string) || ' 行豁免 ' || waivers.rule_id || '（'
        || waivers.finding_object || '），但计算未发现该问题。' as message_zh,
        rules.remedy_en,
        rules.remedy_zh,
        cast(null as string) as waiver_reason,
        cast(null as string) as waived_by,
        cast(null as date) as waived_until,
        cast(null as string) as other_cells,
        cast(null as string) as caused_by,
        cast(null as string) as finding_object
    from waivers
    inner join rules
        on rules.rule_id = 'waiver_matches'
    left join calculation
        on
            waivers.rule_id = calculation.rule_id
            and waivers.finding_object = calculation.finding_object
    where
        waivers.waiver_no = 1
        and calculation.rule_id is null

),

all_results as (

    select
        *,
        cast(null as string) as finding_object
    from from_gate
    union all
    select * from located_calculation
    union all
    select * from without_object

),

-- what a finding names, in the blanks of int_affected_emissions
named_results as (

    select
        *,
        coalesce(reference_period, substring(cast(period_month as string), 1, 7)) as period_text,
        case when coalesce(process_id, '') = '' then coalesce(affected_facility_id, '') else '' end
            as object_facility_id,
        coalesce(process_id, '') as object_process_id,
        coalesce(flow_id, '') as object_flow_id
    from all_results

),

-- a finding that names a cell and no month, such as a correction, is about what the cell carries
named_cells as (

    select distinct
        source_file,
        source_sheet,
        source_cell
    from all_results
    where
        period_month is null
        and source_cell is not null

),

affected_by_cell as (

    select
        lineage.source_file,
        lineage.source_sheet,
        lineage.source_cell,
        sum(abs(lineage.part_kgco2e)) as affected_kgco2e
    from {{ ref('lineage') }} as lineage
    inner join named_cells
        on
            lineage.source_file = named_cells.source_file
            and lineage.source_cell = named_cells.source_cell
            and coalesce(lineage.source_sheet, '') = coalesce(named_cells.source_sheet, '')
    where lineage.basis = 'location_based'
    group by lineage.source_file, lineage.source_sheet, lineage.source_cell

)

select
    named_results.round,
    named_results.hand_in,
    named_results.hand_in_state,
    named_results.judged_by,
    named_results.rule_id,
    named_results.severity,
    named_results.source_file,
    named_results.source_sheet,
    named_results.source_cell,
    named_results.other_cells,
    named_results.period_month,
    named_results.reference_period,
    named_results.facility_id,
    named_results.flow_id,
    named_results.process_id,
    named_results.observed,
    named_results.expected,
    named_results.tolerance,
    -- a flow without emissions of its own, such as a product, affects those of its process
    coalesce(
        named_results.affected_kgco2e,
        of_object.affected_kgco2e,
        of_process.affected_kgco2e,
        affected_by_cell.affected_kgco2e
    ) as affected_kgco2e,
    named_results.message_en,
    named_results.message_zh,
    named_results.remedy_en,
    named_results.remedy_zh,
    coalesce(named_results.waiver_reason, waivers.reason) as waiver_reason,
    coalesce(named_results.waived_by, waivers.approved_by) as waived_by,
    coalesce(named_results.waived_until, waivers.valid_until) as waived_until,
    named_results.caused_by
from named_results
left join affected as of_object
    on
        named_results.period_text = of_object.period_text
        and named_results.object_facility_id = of_object.facility_id
        and named_results.object_process_id = of_object.process_id
        and named_results.object_flow_id = of_object.flow_id
left join affected as of_process
    on
        named_results.period_text = of_process.period_text
        and named_results.object_process_id = of_process.process_id
        and named_results.rule_id <> 'flow_exempted'
        and of_process.process_id <> ''
        and of_process.facility_id = ''
        and of_process.flow_id = ''
left join affected_by_cell
    on
        named_results.period_month is null
        and named_results.source_file = affected_by_cell.source_file
        and named_results.source_cell = affected_by_cell.source_cell
        and coalesce(named_results.source_sheet, '')
        = coalesce(affected_by_cell.source_sheet, '')
left join waivers
    on
        named_results.judged_by <> 'gate'
        and named_results.rule_id = waivers.rule_id
        and named_results.finding_object = waivers.finding_object
        and waivers.waiver_no = 1
