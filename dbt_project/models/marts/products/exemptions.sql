-- One row per product, reference period, process and flow that is left out of the footprint cradle
-- to gate because it has no emission factor: how much of it one declared unit needs, why, and what
-- it emits at most (method R40).

{{ replace_periods() }}

with requirements as (

    select * from {{ ref('int_product_requirements') }}
    where {{ in_stale_periods('reference_period') }}

),

-- of earlier periods, too: what stock carries was used when it was made
period_months as (

    select * from {{ ref('int_period_months') }}
    where reference_period in (select requirements.operation_period from requirements)

),

exempted as (

    select * from {{ ref('int_exempted_activities') }}
    where period_month in (select period_months.period_month from period_months)

),

flows as (

    select * from {{ ref('stg_company__flows') }}
    where
        life_cycle_stage is null
        or life_cycle_stage in ('raw_material_acquisition', 'manufacture')

),

-- commuting, capital goods and the like are in no footprint, with or without a factor
kinds as (

    select
        kinds.flow_kind,
        max(
            case when categories.in_product_boundary or kinds.component is null then 1 else 0 end
        ) as is_in_boundary
    from {{ ref('flow_kinds') }} as kinds
    left join {{ ref('ghg_categories') }} as categories
        on kinds.ghg_category = categories.ghg_category
    group by kinds.flow_kind

)

select
    requirements.product_id,
    requirements.reference_period,
    requirements.process_id,
    exempted.flow_id,
    flows.flow_name_en,
    flows.flow_name_zh,
    exempted.unit_code,
    exempted.exempted_because,
    flows.exempted_upper_bound_kgco2e_per_unit as upper_bound_kgco2e_per_unit,
    flows.exempted_upper_bound_source as upper_bound_source,
    sum(requirements.requirement_per_declared_unit * exempted.quantity)
        as quantity_per_declared_unit,
    sum(requirements.requirement_per_declared_unit * abs(exempted.quantity))
    * flows.exempted_upper_bound_kgco2e_per_unit as upper_bound_kgco2e_per_declared_unit
from period_months
inner join exempted
    on period_months.period_month = exempted.period_month
inner join requirements
    on
        period_months.reference_period = requirements.operation_period
        and exempted.process_id = requirements.process_id
inner join flows
    on exempted.flow_id = flows.flow_id
inner join kinds
    on
        flows.flow_kind = kinds.flow_kind
        and kinds.is_in_boundary = 1
group by
    requirements.product_id,
    requirements.reference_period,
    requirements.process_id,
    exempted.flow_id,
    flows.flow_name_en,
    flows.flow_name_zh,
    exempted.unit_code,
    exempted.exempted_because,
    flows.exempted_upper_bound_kgco2e_per_unit,
    flows.exempted_upper_bound_source
