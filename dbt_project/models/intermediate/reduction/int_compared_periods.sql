-- One row per pair of periods, side of it and month: which months are compared with which. A year
-- is compared in the months that the year before has, too.

with months as (

    select distinct period_month
    from {{ ref('emission_lines') }}

),

rounds as (

    select * from {{ ref('stg_company__rounds') }}

),

a_year_apart as (

    select
        months.period_month as newer_month,
        earlier.period_month as older_month
    from months
    inner join months as earlier
        on
            cast({{ months_later(-12, 'months.period_month') }} as date)
            = earlier.period_month

),

months_of_rounds as (

    select
        rounds.round,
        months.period_month,
        count(*) over (partition by rounds.round) as month_count
    from rounds
    inner join months
        on months.period_month between rounds.first_month and rounds.last_month

),

-- of the rounds with as many months, each is compared with the one before
rounds_before as (

    select
        round,
        lag(round) over (partition by month_count order by round) as older_round
    from (
        select distinct
            round,
            month_count
        from months_of_rounds
    ) as counted

),

sides as (

    select
        'month' as comparison,
        substr(cast(older_month as string), 1, 7) as older_period,
        substr(cast(newer_month as string), 1, 7) as newer_period,
        older_month,
        newer_month
    from a_year_apart
    union all
    select
        'year' as comparison,
        substr(cast(older_month as string), 1, 4) as older_period,
        substr(cast(newer_month as string), 1, 4) as newer_period,
        older_month,
        newer_month
    from a_year_apart

),

pairs as (

    select
        comparison,
        older_period,
        newer_period,
        'older' as side,
        older_month as period_month
    from sides
    union all
    select
        comparison,
        older_period,
        newer_period,
        'newer' as side,
        newer_month as period_month
    from sides
    union all
    select
        'round' as comparison,
        rounds_before.older_round as older_period,
        rounds_before.round as newer_period,
        case when months_of_rounds.round = rounds_before.round then 'newer' else 'older' end
            as side,
        months_of_rounds.period_month
    from rounds_before
    inner join months_of_rounds
        on
            rounds_before.round = months_of_rounds.round
            or rounds_before.older_round = months_of_rounds.round
    where rounds_before.older_round is not null

)

select
    comparison,
    older_period,
    newer_period,
    side,
    period_month,
    count(*) over (partition by comparison, older_period, newer_period, side) as month_count
from pairs
