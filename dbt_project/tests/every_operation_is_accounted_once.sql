-- What final demands require of a process adds up to its operation: nothing lost, nothing twice.

{{ config(meta={'dagster': {'ref': {'name': 'stg_solved__requirements'}}}) }}

with demand as (

    select * from {{ ref('stg_solved__final_demand') }}
    where {{ in_stale_periods('reference_period') }}

),

requirements as (

    select * from {{ ref('stg_solved__requirements') }}
    where {{ in_stale_periods('reference_period') }}

)

select
    requirements.reference_period,
    requirements.process_id,
    sum(demand.quantity * requirements.requirement) as operation_share
from requirements
inner join demand
    on
        requirements.reference_period = demand.reference_period
        and requirements.flow_id = demand.flow_id
        and requirements.facility_id = demand.facility_id
group by requirements.reference_period, requirements.process_id
having abs(sum(demand.quantity * requirements.requirement) - 1.0) > 1e-9
