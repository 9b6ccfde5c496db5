-- One row per period and object: absolute location-based kgco2e of a flow at a process, a process,
-- a flow at a site, a flow, or a site. A blank means all of them; a period is a month or a year.

{{ config(materialized='table') }}

with emissions as (

    select
        facility_id,
        process_id,
        flow_id,
        substring(cast(period_month as string), 1, 7) as period_text,
        sum(abs(location_based_kgco2e)) as gross_kgco2e
    from {{ ref('int_emissions') }}
    group by facility_id, process_id, flow_id, substring(cast(period_month as string), 1, 7)

),

periods as (

    select
        facility_id,
        process_id,
        flow_id,
        period_text,
        gross_kgco2e
    from emissions
    union all
    select
        facility_id,
        process_id,
        flow_id,
        substring(period_text, 1, 4) as period_text,
        gross_kgco2e
    from emissions

)

select
    period_text,
    '' as facility_id,
    process_id,
    flow_id,
    sum(gross_kgco2e) as affected_kgco2e
from periods
group by period_text, process_id, flow_id
union all
select
    period_text,
    '' as facility_id,
    process_id,
    '' as flow_id,
    sum(gross_kgco2e) as affected_kgco2e
from periods
group by period_text, process_id
union all
select
    period_text,
    facility_id,
    '' as process_id,
    flow_id,
    sum(gross_kgco2e) as affected_kgco2e
from periods
group by period_text, facility_id, flow_id
union all
select
    period_text,
    '' as facility_id,
    '' as process_id,
    flow_id,
    sum(gross_kgco2e) as affected_kgco2e
from periods
group by period_text, flow_id
union all
select
    period_text,
    facility_id,
    '' as process_id,
    '' as flow_id,
    sum(gross_kgco2e) as affected_kgco2e
from periods
group by period_text, facility_id
