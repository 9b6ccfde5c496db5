-- One row per initiative and basis: what it is, what it brings at full effect, and what it costs.

with initiatives as (

    select * from {{ ref('stg_company__initiatives') }}

),

costs as (

    select * from {{ ref('stg_reduction__costs') }}

),

effects as (

    select * from {{ ref('stg_reduction__full_effects') }}
    where measure = 'alone'

),

findings as (

    select * from {{ ref('stg_reduction__findings') }}

),

bases as (

    select 'location_based' as basis
    union all
    select 'market_based' as basis

),

by_scope as (

    select
        initiative_id,
        basis,
        -sum(case when ghg_scope = 1 then kgco2e_change else 0.0 end) as scope_1_saved_kgco2e,
        -sum(case when ghg_scope = 2 then kgco2e_change else 0.0 end) as scope_2_saved_kgco2e,
        -sum(case when ghg_scope = 3 then kgco2e_change else 0.0 end) as scope_3_saved_kgco2e
    from effects
    group by initiative_id, basis

),

worded as (

    select
        initiative_id,
        min(case when severity = 'critical' then 'refused' end) as refused,
        {{ listed_in_order('message_en', "'\n'", 'message_en') }} as finding_en,
        {{ listed_in_order('message_zh', "'\n'", 'message_en') }} as finding_zh
    from findings
    group by initiative_id

),

alone as (

    select * from costs
    where measure = 'alone'

),

in_sequence as (

    select * from costs
    where measure = 'in_sequence'

)

select
    initiatives.initiative_id,
    bases.basis,
    initiatives.name_en,
    initiatives.name_zh,
    initiatives.status,
    initiatives.owner,
    initiatives.starts_on,
    initiatives.ramp_months,
    initiatives.life_years,
    alone.base_year,
    coalesce(
        worded.refused,
        case when alone.initiative_id is null then 'not_calculated' else 'calculated' end
    ) as calculation,
    alone.kgco2e_saved as saved_kgco2e,
    by_scope.scope_1_saved_kgco2e,
    by_scope.scope_2_saved_kgco2e,
    by_scope.scope_3_saved_kgco2e,
    in_sequence.kgco2e_saved as saved_in_sequence_kgco2e,
    alone.kgco2e_saved - in_sequence.kgco2e_saved as overlap_kgco2e,
    initiatives.capex,
    alone.annualised_capex,
    alone.other_costs,
    alone.bought_costs,
    alone.annual_cost,
    alone.cost_per_tonne,
    case
        when alone.cost_per_tonne is not null then greatest(alone.cost_per_tonne, 0.0)
    end as break_even_carbon_price,
    alone.payback_years,
    alone.net_present_value,
    initiatives.currency,
    alone.unpriced_flows,
    worded.finding_en,
    worded.finding_zh,
    initiatives.source_id,
    initiatives.source_locator,
    initiatives.note
from initiatives
cross join bases
left join alone
    on
        initiatives.initiative_id = alone.initiative_id
        and bases.basis = alone.basis
left join in_sequence
    on
        initiatives.initiative_id = in_sequence.initiative_id
        and bases.basis = in_sequence.basis
left join by_scope
    on
        initiatives.initiative_id = by_scope.initiative_id
        and bases.basis = by_scope.basis
left join worded
    on initiatives.initiative_id = worded.initiative_id
