-- One row per thing that the calculation, and not the gate, has to say.

{{ config(materialized='table') }}

with exempted as (

    select * from {{ ref('int_exempted_activities') }}

),

solved_findings as (

    select * from {{ ref('stg_solved__findings') }}

),

periods as (

    select * from {{ ref('stg_solved__periods') }}

),

balances as (

    select * from {{ ref('int_balance_findings') }}

),

claims as (

    select * from {{ ref('int_claim_findings') }}

),

basis as (

    select * from {{ ref('int_basis_findings') }}
    union all
    select * from {{ ref('int_certificate_findings') }}

),

recycling as (

    select * from {{ ref('int_recycling_findings') }}

),

unused_properties as (

    select * from {{ ref('int_unused_properties') }}

),

reduction as (

    select * from {{ ref('stg_reduction__findings') }}

),

targets as (

    select * from {{ ref('stg_company__targets') }}

),

target_values as (

    select distinct target_id
    from {{ ref('int_target_values') }}
    where not is_forecast

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
        cast(quantity as string) || ' ' || unit_code as observed,
        'an emission factor' as expected,
        null as tolerance,
        cast(null as double) as affected_kgco2e,
        cast(null as string) as affected_facility_id,
        'Carried without an emission factor: ' || exempted_because as message_en,
        '未配排放因子：' || exempted_because as message_zh,
        'Add a factor to emission_factors/ and the component to company/flows.csv '
        || 'once one is published.' as remedy_en,
        '取得公布的因子后，补入 emission_factors/ 并在 company/flows.csv 填写 components。'
            as remedy_zh,
        cast(null as string) as waiver_reason,
        cast(null as string) as waived_by,
        cast(null as date) as waived_until
    from exempted

),

from_properties as (

    select
        round,
        hand_in,
        null as hand_in_state,
        'calculation' as judged_by,
        'measured_property_counts' as rule_id,
        'warning' as severity,
        source_file,
        source_sheet,
        source_cell,
        period_month,
        null as reference_period,
        facility_id,
        flow_id,
        process_id,
        observed,
        expected,
        null as tolerance,
        cast(null as double) as affected_kgco2e,
        facility_id as affected_facility_id,
        message_en,
        message_zh,
        remedy_en,
        remedy_zh,
        cast(null as string) as waiver_reason,
        cast(null as string) as waived_by,
        cast(null as date) as waived_until
    from unused_properties

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
        cast(null as string) as waiver_reason,
        cast(null as string) as waived_by,
        cast(null as date) as waived_until
    from solved_findings
    left join periods
        on solved_findings.reference_period = periods.reference_period

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
        coalesce(cast(cast(recycled_content as decimal(9, 6)) as string), 'unknown')
            as observed,
        'product ' || product_id || ': '
        || cast(cast(recycled_content_claimed as decimal(9, 6)) as string) as expected,
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
                || ' is ' || cast(cast(recycled_content as decimal(9, 4)) as string)
                || ', claimed are '
                || cast(cast(recycled_content_claimed as decimal(9, 4)) as string) || '.'
        end as message_en,
        case
            when recycled_content is null
                then
                    product_id || ' 在 ' || reference_period
                    || ' 声明了再生料含量，但投入物料的含量未知。'
            else
                product_id || ' 在 ' || reference_period || ' 的再生料含量为 '
                || cast(cast(recycled_content as decimal(9, 4)) as string) || '，声明为 '
                || cast(cast(recycled_content_claimed as decimal(9, 4)) as string) || '。'
        end as message_zh,
        'State recycled_content of the bought materials in company/flow_properties.csv, or '
        || 'lower the claim in company/products.csv.' as remedy_en,
        '请在 company/flow_properties.csv 填写外购物料的 recycled_content，'
        || '或下调 company/products.csv 的声明值。' as remedy_zh,
        cast(null as string) as waiver_reason,
        cast(null as string) as waived_by,
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
        substring(cast(period_month as string), 1, 7) as reference_period,
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
        cast(null as string) as waiver_reason,
        cast(null as string) as waived_by,
        cast(null as date) as waived_until
    from basis

),

from_recycling as (

    select
        '' as round,
        '' as hand_in,
        null as hand_in_state,
        'calculation' as judged_by,
        rule_id,
        severity,
        null as source_file,
        null as source_sheet,
        null as source_cell,
        first_month as period_month,
        reference_period,
        cast(null as string) as facility_id,
        flow_id,
        cast(null as string) as process_id,
        method || ': ' || observed as observed,
        expected,
        cast(null as double) as tolerance,
        cast(null as double) as affected_kgco2e,
        cast(null as string) as affected_facility_id,
        message_en,
        message_zh,
        remedy_en,
        remedy_zh,
        cast(null as string) as waiver_reason,
        cast(null as string) as waived_by,
        cast(null as date) as waived_until
    from recycling

),

-- no figure of what was depends on a plan: what refuses an initiative refuses nothing else
from_reduction as (

    select
        '' as round,
        '' as hand_in,
        null as hand_in_state,
        'reduction' as judged_by,
        rule_id,
        'warning' as severity,
        split_part(source_line, ' line ', 1) as source_file,
        null as source_sheet,
        'L' || split_part(source_line, ' line ', 2) as source_cell,
        cast(null as date) as period_month,
        nullif(reference_period, '') as reference_period,
        facility_id,
        flow_id,
        process_id,
        initiative_id as observed,
        null as expected,
        cast(null as double) as tolerance,
        0.0 as affected_kgco2e,
        facility_id as affected_facility_id,
        message_en,
        message_zh,
        remedy_en,
        remedy_zh,
        cast(null as string) as waiver_reason,
        cast(null as string) as waived_by,
        cast(null as date) as waived_until
    from reduction

),

from_targets as (

    select
        '' as round,
        '' as hand_in,
        null as hand_in_state,
        'reduction' as judged_by,
        'target_of_nothing' as rule_id,
        'warning' as severity,
        'company/targets.csv' as source_file,
        null as source_sheet,
        null as source_cell,
        cast(null as date) as period_month,
        null as reference_period,
        targets.facility_id,
        null as flow_id,
        null as process_id,
        targets.target_id as observed,
        'a figure of a full calendar year' as expected,
        cast(null as double) as tolerance,
        0.0 as affected_kgco2e,
        targets.facility_id as affected_facility_id,
        targets.target_id || ' is about nothing that any full calendar year accounts: it has no '
        || 'base value, no path and no gap.' as message_en,
        targets.target_id || ' 所涉内容在任何完整日历年中均无核算数据：没有基准值、路径和差距。'
            as message_zh,
        'Check its scopes, categories, facility_id and product_id. A target is compared with '
        || 'calendar years of which all twelve months are collected.' as remedy_en,
        '请核对其 scopes、categories、facility_id 和 product_id。目标仅与十二个月齐全的日历年比较。'
            as remedy_zh,
        cast(null as string) as waiver_reason,
        cast(null as string) as waived_by,
        cast(null as date) as waived_until
    from targets
    left join target_values
        on targets.target_id = target_values.target_id
    where target_values.target_id is null

),

all_results as (

    select * from from_calculation
    union all
    select * from from_properties
    union all
    select * from from_recycling
    union all
    select * from from_product_system
    union all
    select * from balances
    union all
    select * from from_claims
    union all
    select * from from_basis
    union all
    select * from from_reduction
    union all
    select * from from_targets

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
    reference_period,
    facility_id,
    flow_id,
    process_id,
    observed,
    expected,
    tolerance,
    affected_kgco2e,
    affected_facility_id,
    message_en,
    message_zh,
    remedy_en,
    remedy_zh,
    waiver_reason,
    waived_by,
    waived_until,
    lower(concat_ws(
        '/',
        coalesce(nullif(process_id, ''), facility_id),
        nullif(flow_id, ''),
        coalesce(reference_period, substr(cast(period_month as string), 1, 7))
    )) as finding_object
from all_results
