-- One row per finding of the calculation and cell behind it, the likeliest to be wrong first: the
-- quantity most unlike its own other months, then the largest. Rules that are mended elsewhere than
-- in a hand-in have none.

{{ config(materialized='table') }}

with findings as (

    select distinct
        rule_id,
        finding_object,
        coalesce(facility_id, '') as facility_id,
        coalesce(process_id, '') as process_id,
        coalesce(flow_id, '') as flow_id,
        coalesce(reference_period, substring(cast(period_month as string), 1, 7))
            as reference_period
    from {{ ref('int_calculation_findings') }}
    where source_cell is null

),

rules as (

    select rule_id from {{ ref('quality_rule_book') }}
    where
        judged_by <> 'gate'
        and mended_in = 'hand_in'

),

readings as (

    select
        *,
        substring(cast(period_month as string), 1, 7) as month_text
    from {{ ref('int_readings') }}
    where
        source_cell is not null
        and cell_value is not null
        and direction in ('input', 'output')

),

flows as (

    select * from {{ ref('stg_company__flows') }}

),

candidates as (

    select
        findings.rule_id,
        findings.finding_object,
        readings.round,
        readings.hand_in,
        readings.source_file,
        readings.source_sha256,
        readings.source_sheet,
        readings.source_cell,
        readings.process_id,
        readings.flow_id,
        readings.direction,
        readings.period_month,
        readings.month_text,
        abs(readings.cell_value * coalesce(readings.sign_multiplier, 1.0)) as size
    from findings
    inner join rules
        on findings.rule_id = rules.rule_id
    inner join readings
        on
            findings.reference_period
            = substring(readings.month_text, 1, length(findings.reference_period))
            and (findings.process_id = '' or findings.process_id = readings.process_id)
            and (findings.facility_id = '' or findings.facility_id = readings.facility_id)
    left join flows
        on readings.flow_id = flows.flow_id
    where
        -- the ratio of a specific consumption is made of what was taken and of what was made
        (
            findings.flow_id in ('', readings.flow_id)
            or (
                findings.rule_id = 'specific_consumption'
                and readings.direction = 'output'
                and flows.flow_kind in ('intermediate', 'product', 'utility')
            )
        )
        and (
            readings.role = 'activity'
            or (
                findings.rule_id = 'stock_balance'
                and readings.role in ('stock_open', 'stock_close')
            )
            or (
                findings.rule_id = 'electricity_balance'
                and readings.role in ('check', 'meter_start', 'meter_end')
            )
        )
        and (
            findings.rule_id not in ('mass_balance', 'carbon_balance', 'recycled_balance')
            or flows.flow_kind in (
                'material', 'intermediate', 'product', 'waste', 'own_waste', 'process_emission'
            )
        )
        and (findings.rule_id <> 'electricity_balance' or flows.flow_kind = 'electricity')
        and (findings.rule_id <> 'estimated_share' or readings.data_method = 'estimated')
        and (
            findings.rule_id <> 'missing_evidence_share'
            or (
                coalesce(readings.data_method, '') not in ('metered', 'weighed')
                and coalesce(readings.document_no, readings.meter_id, readings.evidence) is null
            )
        )

),

concerned as (

    select distinct
        process_id,
        flow_id
    from candidates

),

monthly as (

    select
        totals.process_id,
        totals.flow_id,
        totals.direction,
        totals.period_month,
        sum(totals.quantity) as quantity
    from {{ ref('int_activity_totals') }} as totals
    inner join concerned
        on
            totals.process_id = concerned.process_id
            and totals.flow_id = concerned.flow_id
    group by totals.process_id, totals.flow_id, totals.direction, totals.period_month

),

-- of two months nobody can say which is the odd one
usual as (

    select
        process_id,
        flow_id,
        direction,
        percentile_cont(0.5) within group (order by quantity) as median_quantity
    from monthly
    group by process_id, flow_id, direction
    having count(*) >= 3

),

departures as (

    select
        monthly.process_id,
        monthly.flow_id,
        monthly.direction,
        monthly.period_month,
        abs(ln(monthly.quantity / usual.median_quantity)) as departure
    from monthly
    inner join usual
        on
            monthly.process_id = usual.process_id
            and monthly.flow_id = usual.flow_id
            and monthly.direction = usual.direction
    where
        monthly.quantity > 0.0
        and usual.median_quantity > 0.0

),

affected as (

    select * from {{ ref('int_affected_emissions') }}

),

-- one cell may state several flows
cells as (

    select
        candidates.rule_id,
        candidates.finding_object,
        candidates.round,
        candidates.hand_in,
        candidates.source_file,
        candidates.source_sha256,
        candidates.source_sheet,
        candidates.source_cell,
        max(candidates.size) as size,
        -- a share of emissions is made of the largest, not of the oddest
        max(
            case
                when
                    candidates.rule_id in ('estimated_share', 'missing_evidence_share')
                    then coalesce(affected.affected_kgco2e, 0.0)
                else coalesce(departures.departure, 0.0)
            end
        ) as suspicion
    from candidates
    left join departures
        on
            candidates.process_id = departures.process_id
            and candidates.flow_id = departures.flow_id
            and candidates.direction = departures.direction
            and candidates.period_month = departures.period_month
    left join affected
        on
            candidates.month_text = affected.period_text
            and affected.facility_id = ''
            and candidates.process_id = affected.process_id
            and candidates.flow_id = affected.flow_id
    group by
        candidates.rule_id,
        candidates.finding_object,
        candidates.round,
        candidates.hand_in,
        candidates.source_file,
        candidates.source_sha256,
        candidates.source_sheet,
        candidates.source_cell

),

ranked as (

    select
        rule_id,
        finding_object,
        row_number() over (
            partition by rule_id, finding_object
            order by
                suspicion desc,
                size desc,
                source_file asc,
                source_sheet asc,
                source_cell asc
        ) as cell_rank,
        round,
        hand_in,
        source_file,
        source_sha256,
        source_sheet,
        source_cell
    from cells

)

-- who looks at a dozen cells has seen where the rest stands
select * from ranked
where cell_rank <= 12
