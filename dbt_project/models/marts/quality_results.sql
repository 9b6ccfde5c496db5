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

-- a waiver of the calculation names process (or site)/flow/month; the newest round's word counts
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

solved_findings as (

    select * from {{ ref('stg_solved__findings') }}

),

periods as (

    select * from {{ ref('stg_solved__periods') }}

),

balances as (

    select * from {{ ref('process_balances') }}
    where status in ('outside', 'critical')

),

claims as (

    select * from {{ ref('int_claim_findings') }}

),

basis as (

    select * from {{ ref('int_basis_findings') }}

),

affected as (

    select * from {{ ref('int_affected_emissions') }}

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
        cast(null as varchar) as reference_period,
        cast(null as varchar) as facility_id,
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
        null as reference_period,
        null as facility_id,
        flow_id,
        process_id,
        cast(quantity as varchar) || ' ' || unit_code as observed,
        'an emission factor' as expected,
        null as tolerance,
        cast(null as double) as affected_kgco2e,
        cast(null as varchar) as affected_facility_id,
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

from_product_system as (

    select
        '' as round,
        '' as hand_in,
        null as hand_in_state,
        'product_system' as judged_by,
        solved_findings.rule_id,
        solved_findings.severity,
        null as source_file,
        null as source_sheet,
        null as source_cell,
        periods.first_month as period_month,
        solved_findings.reference_period,
        solved_findings.facility_id,
        solved_findings.flow_id,
        solved_findings.process_id,
        solved_findings.observed,
        solved_findings.expected,
        null as tolerance,
        cast(null as double) as affected_kgco2e,
        solved_findings.facility_id as affected_facility_id,
        solved_findings.message_en,
        solved_findings.message_zh,
        solved_findings.remedy_en,
        solved_findings.remedy_zh,
        cast(null as varchar) as waiver_reason,
        cast(null as varchar) as waived_by,
        cast(null as date) as waived_until
    from solved_findings
    left join periods
        on solved_findings.reference_period = periods.reference_period

),

-- who answers for a process's mass balance at the gate answers for the same one here
waived_at_the_gate as (

    select
        process_id,
        period_month,
        max(waiver_reason) as waiver_reason,
        max(waived_by) as waived_by,
        max(waived_until) as waived_until
    from findings
    where
        rule_id = 'process_mass_balance'
        and waived_by is not null
    group by process_id, period_month

),

answered_balances as (

    select
        balances.*,
        waived_at_the_gate.waiver_reason,
        waived_at_the_gate.waived_by,
        waived_at_the_gate.waived_until
    from balances
    left join waived_at_the_gate
        on
            balances.balance = 'mass'
            and balances.process_id = waived_at_the_gate.process_id
            and balances.period_month = waived_at_the_gate.period_month

),

worded_balances as (

    select
        *,
        coalesce(
            nullif(trim(process_id || ' ' || flow_id), ''),
            nullif(facility_id, ''),
            'the company'
        ) as subject,
        substring(cast(period_month as varchar), 1, 7) as month_text,
        cast(cast(100.0 * difference_share as decimal(18, 2)) as varchar) || ' %'
            as difference_text,
        cast(
            cast(
                100.0 * case
                    when status = 'critical' then critical_tolerance_share
                    else tolerance_share
                end as decimal(18, 2)
            ) as varchar
        ) || ' %' as tolerance_text,
        case balance
            when 'mass' then '干基质量'
            when 'carbon' then '碳'
            when 'recycled' then '再生料'
            when 'electricity' then '电力'
            when 'utility' then '自产能源介质'
            when 'returned_utility' then '回用介质'
            else '库存'
        end as balance_zh
    from answered_balances

),

from_balances as (

    select
        '' as round,
        '' as hand_in,
        null as hand_in_state,
        'balance' as judged_by,
        rule_id,
        case when status = 'critical' then 'critical' else 'warning' end as severity,
        null as source_file,
        null as source_sheet,
        null as source_cell,
        period_month,
        substring(cast(period_month as varchar), 1, 7) as reference_period,
        nullif(facility_id, '') as facility_id,
        nullif(flow_id, '') as flow_id,
        nullif(process_id, '') as process_id,
        cast(cast(output_quantity + stock_change_quantity as decimal(28, 3)) as varchar)
        || ' ' || unit_code as observed,
        cast(cast(input_quantity as decimal(28, 3)) as varchar)
        || ' ' || unit_code as expected,
        case when status = 'critical' then critical_tolerance_share else tolerance_share end
            as tolerance,
        cast(null as double) as affected_kgco2e,
        nullif(facility_id, '') as affected_facility_id,
        'The ' || balance || ' balance of ' || subject || ' in ' || month_text
        || ' is out by ' || difference_text || '; allowed are ' || tolerance_text || '.'
            as message_en,
        subject || ' 在 ' || month_text || ' 的' || balance_zh || '平衡偏差为 '
        || difference_text || '，允许 ' || tolerance_text || '。' as message_zh,
        case
            when balance = 'electricity'
                then
                    'Compare the sub-meters with the main meter: one was read on another day, '
                    || 'left out, or counts twice.'
            when balance in ('utility', 'returned_utility')
                then 'Compare the meters of maker and users; losses belong in the tolerance.'
            when balance = 'stock'
                then 'Compare stock readings with receipts and deliveries of the month.'
            when balance = 'recycled'
                then
                    'Less recycled material went in than the claim says came out: check the '
                    || 'contents in company/flow_properties.csv, or lower the claim in '
                    || 'company/products.csv.'
            else
                'Look for an input, product or waste of the month that was not weighed or was '
                || 'booked in another month or unit; check moisture and carbon content.'
        end as remedy_en,
        case
            when balance = 'electricity' then '请核对分表与总表：抄表日期不同、漏计或重复计量。'
            when balance in ('utility', 'returned_utility') then '请核对供方与用方计量表；管网损失应计入允差。'
            when balance = 'stock' then '请核对当月库存读数与收发货记录。'
            when balance = 'recycled'
                then
                    '投入的再生料少于声明的产出：请核对 company/flow_properties.csv 中的含量，'
                    || '或下调 company/products.csv 的声明值。'
            else '请查找当月未称重、错月或错单位登记的投入、产品或废料，并核对含水率和含碳量。'
        end as remedy_zh,
        waiver_reason,
        waived_by,
        waived_until
    from worded_balances

),

from_claims as (

    select
        '' as round,
        '' as hand_in,
        null as hand_in_state,
        'product_system' as judged_by,
        'recycled_content_claim' as rule_id,
        severity,
        null as source_file,
        null as source_sheet,
        null as source_cell,
        period_month,
        reference_period,
        facility_id,
        flow_id,
        null as process_id,
        coalesce(cast(cast(recycled_content as decimal(9, 6)) as varchar), 'unknown')
            as observed,
        'product ' || product_id || ': '
        || cast(cast(recycled_content_claimed as decimal(9, 6)) as varchar) as expected,
        tolerance_share as tolerance,
        cast(null as double) as affected_kgco2e,
        facility_id as affected_facility_id,
        case
            when recycled_content is null
                then
                    'The recycled content of ' || product_id || ' in ' || reference_period
                    || ' is claimed, but what goes in has no stated content.'
            else
                'The recycled content of ' || product_id || ' in ' || reference_period
                || ' is ' || cast(cast(recycled_content as decimal(9, 4)) as varchar)
                || ', claimed are '
                || cast(cast(recycled_content_claimed as decimal(9, 4)) as varchar) || '.'
        end as message_en,
        case
            when recycled_content is null
                then
                    product_id || ' 在 ' || reference_period
                    || ' 声明了再生料含量，但投入物料的含量未知。'
            else
                product_id || ' 在 ' || reference_period || ' 的再生料含量为 '
                || cast(cast(recycled_content as decimal(9, 4)) as varchar) || '，声明为 '
                || cast(cast(recycled_content_claimed as decimal(9, 4)) as varchar) || '。'
        end as message_zh,
        'State recycled_content of the bought materials in company/flow_properties.csv, or '
        || 'lower the claim in company/products.csv.' as remedy_en,
        '请在 company/flow_properties.csv 填写外购物料的 recycled_content，'
        || '或下调 company/products.csv 的声明值。' as remedy_zh,
        cast(null as varchar) as waiver_reason,
        cast(null as varchar) as waived_by,
        cast(null as date) as waived_until
    from claims

),

from_basis as (

    select
        '' as round,
        '' as hand_in,
        null as hand_in_state,
        'calculation' as judged_by,
        rule_id,
        'warning' as severity,
        null as source_file,
        null as source_sheet,
        null as source_cell,
        period_month,
        substring(cast(period_month as varchar), 1, 7) as reference_period,
        facility_id,
        flow_id,
        process_id,
        observed,
        expected,
        tolerance,
        affected_kgco2e,
        facility_id as affected_facility_id,
        message_en,
        message_zh,
        remedy_en,
        remedy_zh,
        cast(null as varchar) as waiver_reason,
        cast(null as varchar) as waived_by,
        cast(null as date) as waived_until
    from basis

),

all_results as (

    select * from from_gate
    union all
    select * from from_calculation
    union all
    select * from from_product_system
    union all
    select * from from_balances
    union all
    select * from from_claims
    union all
    select * from from_basis

),

-- what a finding names, in the blanks of int_affected_emissions
named_results as (

    select
        *,
        coalesce(reference_period, substring(cast(period_month as varchar), 1, 7)) as period_text,
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
    coalesce(named_results.waived_until, waivers.valid_until) as waived_until
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
        and lower(concat_ws(
            '/',
            coalesce(nullif(named_results.process_id, ''), named_results.facility_id),
            nullif(named_results.flow_id, ''),
            coalesce(
                named_results.reference_period,
                substr(cast(named_results.period_month as varchar), 1, 7)
            )
        )) = waivers.finding_object
        and waivers.waiver_no = 1
