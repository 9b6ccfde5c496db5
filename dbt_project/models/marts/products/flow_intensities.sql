-- One row per reference period and flow of a site: emissions of one unit of it, cradle to gate.

{{ replace_periods() }}

with requirements as (

    select * from {{ ref('stg_solved__requirements') }}
    where {{ in_stale_periods('reference_period') }}

),

operations as (

    select * from {{ ref('int_operation_emissions') }}

),

periods as (

    select * from {{ ref('stg_solved__periods') }}

),

flows as (

    select * from {{ ref('stg_company__flows') }}

),

gwp as (

    select max(gwp_set) as gwp_set from {{ ref('int_gwp') }}

),

intensities as (

    select
        requirements.reference_period,
        requirements.flow_id,
        requirements.facility_id,
        -- a requirement is a share of the whole process, whatever part of it is consolidated
        {% for column in emission_columns() -%}
            sum(
                requirements.requirement
                * operations.{{ column }}
                / nullif(operations.consolidation_share, 0.0)
            ) as {{ column }},
        {% endfor -%}
        count(operations.process_id) as process_count
    from requirements
    left join operations
        on
            requirements.operation_period = operations.reference_period
            and requirements.process_id = operations.process_id
    group by
        requirements.reference_period,
        requirements.flow_id,
        requirements.facility_id

)

select
    intensities.reference_period,
    periods.period_type,
    intensities.flow_id,
    intensities.facility_id,
    -- a service without a meter is counted in shares of itself
    coalesce(flows.unit_code, '1') as unit_code,
    cast(intensities.process_count as integer) as process_count,
    {% for column in emission_columns() -%}
        intensities.{{ column }} as {{ column }}_per_unit,
    {% endfor -%}
    gwp.gwp_set
from intensities
inner join periods
    on intensities.reference_period = periods.reference_period
left join flows
    on intensities.flow_id = flows.flow_id
cross join gwp
