-- One row per hand-in and month in force: what the cells of its file emitted.
-- A hand-in that only checks others, such as an ERP export beside meters, has a row of zero.

with in_force as (

    select * from {{ ref('stg_control__in_force') }}

),

by_cell as (

    select * from {{ ref('lineage') }}
    where basis = 'location_based'

),

totals as (

    select
        round,
        hand_in,
        period_month,
        sum(part_kgco2e) as location_based_kgco2e
    from by_cell
    group by round, hand_in, period_month

),

hand_in_months as (

    select distinct
        round,
        hand_in,
        period_month
    from in_force

)

select
    hand_in_months.round,
    hand_in_months.hand_in,
    hand_in_months.period_month,
    coalesce(totals.location_based_kgco2e, 0) as location_based_kgco2e
from hand_in_months
left join totals
    on
        hand_in_months.round = totals.round
        and hand_in_months.hand_in = totals.hand_in
        and hand_in_months.period_month = totals.period_month
