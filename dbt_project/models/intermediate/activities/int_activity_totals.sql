-- One row per process, flow, direction, supplier with factors of its own, and month.
-- Cells that share unit and emission factor are summed as they were typed, so that each cell is
-- read once and none is converted or multiplied alone.

{{ replace_partitions() }}

with typed as (

    select
        facility_id,
        process_id,
        flow_id,
        direction,
        period_month,
        supplier_id,
        unit_text,
        sum(cell_value * sign_multiplier) as typed_quantity,
        sum(abs(cell_value * sign_multiplier)) as typed_gross,
        sum(
            case when data_method = 'estimated' then abs(cell_value * sign_multiplier) else 0.0 end
        ) as typed_estimated,
        -- meters and scales are read again; everything else needs a paper, or a word of reason
        sum(
            case
                when data_method in ('metered', 'weighed') then 0.0
                when coalesce(document_no, meter_id, evidence) is not null then 0.0
                else abs(cell_value * sign_multiplier)
            end
        ) as typed_without_evidence,
        count(*) as activity_count,
        count(*) - count(cell_value * sign_multiplier) as unreadable_count
    from {{ ref('int_readings') }}
    where
        {{ in_stale_months('period_month') }}
        and {{ is_activity() }}
    group by
        facility_id,
        process_id,
        flow_id,
        direction,
        period_month,
        supplier_id,
        unit_text

),

units as (

    select * from {{ ref('int_flow_units') }}

),

processes as (

    select * from {{ ref('stg_company__processes') }}

),

facilities as (

    select * from {{ ref('stg_company__facilities') }}

),

suppliers as (

    select * from {{ ref('int_suppliers_with_factors') }}

),

converted as (

    select
        typed.facility_id,
        processes.stage_code,
        typed.process_id,
        typed.flow_id,
        units.flow_kind,
        typed.direction,
        typed.period_month,
        coalesce(suppliers.supplier_id, '') as supplier_key,
        facilities.consolidation_share,
        typed.typed_quantity * units.units_per_unit_text as quantity,
        units.unit_code,
        typed.typed_quantity * units.kg_per_unit_text as quantity_kg,
        typed.typed_gross * units.units_per_unit_text as gross_quantity,
        typed.typed_estimated * units.units_per_unit_text as estimated_quantity,
        typed.typed_without_evidence * units.units_per_unit_text as quantity_without_evidence,
        typed.activity_count,
        case
            when typed.typed_quantity * units.units_per_unit_text is null then typed.activity_count
            else typed.unreadable_count
        end as unconverted_count
    from typed
    left join units
        on
            typed.flow_id = units.flow_id
            and typed.unit_text = units.unit_text
    left join processes
        on typed.process_id = processes.process_id
    left join facilities
        on typed.facility_id = facilities.facility_id
    left join suppliers
        on
            typed.flow_id = suppliers.flow_id
            and typed.supplier_id = suppliers.supplier_id

)

select
    facility_id,
    stage_code,
    process_id,
    flow_id,
    flow_kind,
    direction,
    period_month,
    supplier_key,
    consolidation_share,
    sum(quantity) as quantity,
    unit_code,
    sum(quantity_kg) as quantity_kg,
    coalesce(sum(estimated_quantity) / nullif(sum(gross_quantity), 0.0), 0.0) as estimated_share,
    coalesce(sum(quantity_without_evidence) / nullif(sum(gross_quantity), 0.0), 0.0)
        as without_evidence_share,
    sum(activity_count) as activity_count,
    sum(unconverted_count) as unconverted_count
from converted
group by
    facility_id,
    stage_code,
    process_id,
    flow_id,
    flow_kind,
    direction,
    period_month,
    supplier_key,
    consolidation_share,
    unit_code
