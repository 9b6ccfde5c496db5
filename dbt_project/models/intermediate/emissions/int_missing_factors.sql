-- One row per flow, component, site and month without a factor valid on its first day.

{{ config(materialized='table') }}

with emissions as (

    select * from {{ ref('int_emissions') }}

),

activities as (

    select * from {{ ref('int_activities') }}

),

missing as (

    select
        flow_id,
        component,
        facility_id,
        period_month,
        sum(activity_count) as activity_count
    from emissions
    where is_factor_missing
    group by flow_id, component, facility_id, period_month

),

first_cells as (

    select
        flow_id,
        facility_id,
        period_month,
        min({{ cell_address() }}) as first_cell
    from activities
    where flow_id in (select missing.flow_id from missing)
    group by flow_id, facility_id, period_month

)

select
    missing.flow_id,
    missing.component,
    missing.facility_id,
    missing.period_month,
    first_cells.first_cell,
    missing.activity_count
from missing
left join first_cells
    on
        missing.flow_id = first_cells.flow_id
        and missing.facility_id = first_cells.facility_id
        and missing.period_month = first_cells.period_month
