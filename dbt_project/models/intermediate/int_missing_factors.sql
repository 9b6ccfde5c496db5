-- One row per flow, component, site and month without a factor valid on its first day.

with emissions as (

    select * from {{ ref('int_emissions') }}

)

select
    flow_id,
    component,
    facility_id,
    period_month,
    min(source_file || '#' || source_sheet || '!' || source_cell) as first_cell,
    count(*) as activity_count
from emissions
where is_factor_missing
group by flow_id, component, facility_id, period_month
