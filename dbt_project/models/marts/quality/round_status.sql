-- One row per hand-in that an opened round expects or got.
-- `carbonloom status` runs this query on the folders of the warehouse as they are at the moment.

with as_of as (

    select * from {{ ref('stg_gate__as_of') }}

),

verdicts as (

    select * from {{ ref('stg_gate__verdicts') }}

),

judgements as (

    select * from {{ ref('stg_gate__judgements') }}

),

-- a round that is collected early is open, whatever the calendar says
rounds as (

    select
        calendar.round,
        calendar.opens_on,
        calendar.closes_on,
        calendar.first_month,
        calendar.last_month,
        as_of.as_of,
        12 * (year(calendar.last_month) - year(calendar.first_month))
        + month(calendar.last_month) - month(calendar.first_month) + 1 as month_count
    from {{ ref('stg_company__rounds') }} as calendar
    cross join as_of
    where
        calendar.opens_on <= as_of.as_of
        or calendar.round in (
            select verdicts.round
            from verdicts
            where verdicts.round is not null
        )

),

expected as (

    select * from {{ ref('stg_company__expected_hand_ins') }}

),

sources as (

    select * from {{ ref('stg_company__sources') }}

),

emissions as (

    select
        hand_in,
        period_month,
        sum(location_based_kgco2e) as location_based_kgco2e
    from {{ ref('emissions_by_hand_in') }}
    group by hand_in, period_month

),

owed as (

    select
        rounds.round,
        expected.hand_in,
        expected.source,
        expected.facility_id,
        true as is_expected
    from rounds
    inner join expected
        on rounds.round = expected.round
    union all
    select
        verdicts.round,
        verdicts.hand_in,
        verdicts.source,
        verdicts.facility_id,
        false as is_expected
    from verdicts
    inner join rounds
        on verdicts.round = rounds.round
    left join expected
        on
            verdicts.round = expected.round
            and verdicts.hand_in = expected.hand_in
    where expected.hand_in is null

),

-- since when somebody has looked at all: what lay there by then may have come at any time
watched as (

    select min(judged_on) as watched_since
    from judgements

),

-- how each hand-in came here: first and newest file, refusals
came as (

    select
        judgements.round,
        judgements.hand_in,
        min(judgements.judged_at) as first_received_at,
        min(
            case
                when judgements.source_sha256 = verdicts.source_sha256 then judgements.judged_at
            end
        ) as received_at,
        max(judgements.judged_at) as judged_at,
        max(
            case
                when judgements.state not in ('accepted', 'accepted_with_warnings')
                    then judgements.entry_number
            end
        ) as last_bad_entry,
        count(
            distinct case when judgements.state = 'refused' then judgements.source_sha256 end
        ) as return_count
    from judgements
    left join verdicts
        on
            judgements.round = verdicts.round
            and judgements.hand_in = verdicts.hand_in
    group by judgements.round, judgements.hand_in

),

-- since when it has been accepted without a break
passed as (

    select
        judgements.round,
        judgements.hand_in,
        min(judgements.judged_at) as accepted_at,
        min(judgements.judged_on) as accepted_on
    from judgements
    inner join came
        on
            judgements.round = came.round
            and judgements.hand_in = came.hand_in
    where judgements.entry_number > coalesce(came.last_bad_entry, 0)
    group by judgements.round, judgements.hand_in

),

signed as (

    select
        round,
        hand_in,
        max(signed_on) as signed_on,
        count(distinct role) as role_count
    from {{ ref('stg_gate__sign_offs') }}
    where is_valid and role in ('preparer', 'reviewer', 'approver')
    group by round, hand_in

),

states as (

    select
        owed.round,
        owed.hand_in,
        owed.source,
        owed.facility_id,
        owed.is_expected,
        verdicts.source_sha256,
        came.first_received_at,
        came.received_at,
        came.judged_at,
        passed.accepted_at,
        passed.accepted_on,
        coalesce(
            passed.accepted_on <= rounds.closes_on
            or watched.watched_since <= rounds.closes_on
            or came.last_bad_entry is not null,
            false
        ) as is_lateness_known,
        coalesce(verdicts.state in ('accepted', 'accepted_with_warnings'), false) as is_accepted,
        case when signed.role_count = 3 then signed.signed_on end as signed_on,
        coalesce(signed.role_count, 0) as signed_role_count,
        coalesce(verdicts.state, 'missing') as verdict,
        coalesce(verdicts.critical_count, 0) as critical_count,
        coalesce(verdicts.warning_count, 0) as warning_count,
        coalesce(verdicts.waived_count, 0) as waived_count,
        coalesce(came.return_count, 0) as return_count
    from owed
    inner join rounds
        on owed.round = rounds.round
    cross join watched
    left join verdicts
        on
            owed.round = verdicts.round
            and owed.hand_in = verdicts.hand_in
    left join came
        on
            owed.round = came.round
            and owed.hand_in = came.hand_in
    left join passed
        on
            owed.round = passed.round
            and owed.hand_in = passed.hand_in
    left join signed
        on
            owed.round = signed.round
            and owed.hand_in = signed.hand_in

),

-- months of the hand-in before the round's own, newest first, and its own
months_around as (

    select
        owed.round,
        owed.hand_in,
        rounds.month_count,
        emissions.location_based_kgco2e,
        emissions.period_month < rounds.first_month as is_earlier,
        row_number() over (
            partition by owed.round, owed.hand_in, emissions.period_month < rounds.first_month
            order by emissions.period_month desc
        ) as month_no
    from owed
    inner join rounds
        on owed.round = rounds.round
    inner join emissions
        on owed.hand_in = emissions.hand_in
    where emissions.period_month <= rounds.last_month

),

-- as many months as the round covers; fewer are scaled up, so that hand-ins compare
weights as (

    select
        round,
        hand_in,
        is_earlier,
        count(*) as known_month_count,
        sum(location_based_kgco2e) * max(month_count) / count(*) as kgco2e_carried
    from months_around
    where month_no <= month_count
    group by round, hand_in, is_earlier

),

weighed as (

    select
        states.*,
        case
            when earlier.kgco2e_carried is not null then earlier.kgco2e_carried
            when states.is_accepted then own.kgco2e_carried
        end as kgco2e_carried,
        case
            when earlier.kgco2e_carried is not null then 'earlier_months'
            when states.is_accepted and own.kgco2e_carried is not null then 'own_months'
            else 'never_accepted'
        end as weight_basis,
        coalesce(
            earlier.known_month_count,
            case when states.is_accepted then own.known_month_count end,
            0
        ) as weight_month_count
    from states
    left join weights as earlier
        on
            states.round = earlier.round
            and states.hand_in = earlier.hand_in
            and earlier.is_earlier
    left join weights as own
        on
            states.round = own.round
            and states.hand_in = own.hand_in
            and not own.is_earlier

),

-- what is asked of a round is what it expects; a weight nobody knows can't be called covered
coverage as (

    select
        round,
        avg(case when is_accepted then 1e0 else 0e0 end) as accepted_hand_in_share,
        case
            when sum(case when kgco2e_carried is null then 1 else 0 end) = 0
                then
                    sum(case when is_accepted and kgco2e_carried > 0 then kgco2e_carried else 0 end)
                    / nullif(sum(case when kgco2e_carried > 0 then kgco2e_carried else 0 end), 0)
        end as coverage_share
    from weighed
    where is_expected
    group by round

)

select
    weighed.round,
    weighed.hand_in,
    weighed.source,
    weighed.facility_id,
    case
        when substr(weighed.source, 1, 6) = 'stage_' then substr(weighed.source, 7)
    end as stage_code,
    sources.owner,
    weighed.is_expected,
    case
        when weighed.is_accepted and weighed.signed_on is not null then 'signed'
        else weighed.verdict
    end as state,
    weighed.is_accepted,
    rounds.opens_on,
    rounds.closes_on,
    weighed.first_received_at,
    weighed.received_at,
    weighed.judged_at,
    case when weighed.is_accepted then weighed.accepted_at end as accepted_at,
    case when weighed.is_accepted then weighed.accepted_on end as accepted_on,
    weighed.signed_on,
    weighed.signed_role_count,
    rounds.as_of,
    case
        when not weighed.is_expected then null
        when weighed.is_accepted and not weighed.is_lateness_known then null
        when weighed.is_accepted
            then greatest(0, {{ days_between('rounds.closes_on', 'weighed.accepted_on') }})
        else greatest(0, {{ days_between('rounds.closes_on', 'rounds.as_of') }})
    end as days_late,
    weighed.return_count,
    weighed.critical_count,
    weighed.warning_count,
    weighed.waived_count,
    weighed.kgco2e_carried,
    case when weighed.is_accepted then 0.0 else weighed.kgco2e_carried end as kgco2e_at_risk,
    weighed.weight_basis,
    weighed.weight_month_count,
    coverage.coverage_share,
    coverage.accepted_hand_in_share,
    weighed.source_sha256
from weighed
inner join rounds
    on weighed.round = rounds.round
left join sources
    on weighed.source = sources.source
left join coverage
    on weighed.round = coverage.round
