-- One row per basis and initiative that counts, in the order of cost per tonne: the blocks of an
-- abatement curve, each on the system that those before it left. The last sum is the joint effect.

with costs as (

    select * from {{ ref('stg_reduction__costs') }}

),

initiatives as (

    select * from {{ ref('stg_company__initiatives') }}

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
    in_sequence.basis,
    in_sequence.order_in_sequence,
    in_sequence.initiative_id,
    initiatives.name_en,
    initiatives.name_zh,
    initiatives.status,
    in_sequence.base_year,
    in_sequence.kgco2e_saved as saved_kgco2e,
    sum(in_sequence.kgco2e_saved) over (
        partition by in_sequence.basis
        order by in_sequence.order_in_sequence asc
        rows between unbounded preceding and current row
    ) as cumulative_saved_kgco2e,
    alone.kgco2e_saved as saved_alone_kgco2e,
    alone.kgco2e_saved - in_sequence.kgco2e_saved as overlap_kgco2e,
    in_sequence.annual_cost,
    in_sequence.cost_per_tonne,
    sum(in_sequence.annual_cost) over (
        partition by in_sequence.basis
        order by in_sequence.order_in_sequence asc
        rows between unbounded preceding and current row
    ) as cumulative_annual_cost,
    alone.cost_per_tonne as cost_per_tonne_alone,
    case
        when in_sequence.cost_per_tonne is not null then greatest(in_sequence.cost_per_tonne, 0.0)
    end as break_even_carbon_price,
    initiatives.currency
from in_sequence
inner join alone
    on
        in_sequence.initiative_id = alone.initiative_id
        and in_sequence.basis = alone.basis
left join initiatives
    on in_sequence.initiative_id = initiatives.initiative_id
