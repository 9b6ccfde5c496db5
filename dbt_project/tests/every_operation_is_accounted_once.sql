-- What final demands require of a process adds up to its operation: nothing lost, nothing twice.
-- What they carry of earlier periods, and of stock stated from before them, is stock given back.

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
    requirements.operation_period,
    sum(demand.quantity * requirements.requirement) as operation_share
from requirements
inner join demand
    on
        requirements.reference_period = demand.reference_period
        and requirements.flow_id = demand.flow_id
        and requirements.facility_id = demand.facility_id
group by
    requirements.reference_period,
    requirements.process_id,
    requirements.operation_period
having
    abs(
        sum(demand.quantity * requirements.requirement)
        - case
            when requirements.operation_period <> requirements.reference_period then 0.0
            when requirements.process_id like 'stock:%' then 0.0
            else 1.0
        end
    ) > 1e-9
