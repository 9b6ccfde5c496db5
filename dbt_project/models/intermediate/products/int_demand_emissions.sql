-- One row per reference period, flow of a site and kind of final demand: the emissions that go
-- with it, as the company's share, and what others' shares of the processes add to them.

{{ replace_periods() }}

with demand as (

    select * from {{ ref('stg_solved__final_demand') }}
    where {{ in_stale_periods('reference_period') }}

),

requirements as (

    select * from {{ ref('stg_solved__requirements') }}
    where {{ in_stale_periods('reference_period') }}

),

operations as (

    select * from {{ ref('int_operation_emissions') }}

)

select
    demand.reference_period,
    demand.facility_id,
    demand.flow_id,
    demand.demand_kind,
    demand.quantity,
    demand.unit_code,
    {% for column in emission_columns() -%}
        sum(demand.quantity * requirements.requirement * operations.{{ column }})
            as {{ column }},
        sum(
            demand.quantity
            * requirements.requirement
            * operations.{{ column }}
            * (1.0 / nullif(operations.consolidation_share, 0.0) - 1.0)
        ) as others_{{ column }},
    {% endfor -%}
    count(operations.process_id) as process_count
from demand
inner join requirements
    on
        demand.reference_period = requirements.reference_period
        and demand.flow_id = requirements.flow_id
        and demand.facility_id = requirements.facility_id
left join operations
    on
        requirements.operation_period = operations.reference_period
        and requirements.process_id = operations.process_id
group by
    demand.reference_period,
    demand.facility_id,
    demand.flow_id,
    demand.demand_kind,
    demand.quantity,
    demand.unit_code
