-- One row per site, month and weakness: how much of the site's kgco2e (location-based, absolute)
-- rests on estimates, on a factor of a wider place than need be, or on data without evidence.

with emissions as (

    select
        facility_id,
        flow_id,
        component,
        period_month,
        match_level,
        abs(location_based_kgco2e) as gross_kgco2e,
        estimated_share,
        without_evidence_share
    from {{ ref('int_emissions') }}

),

facilities as (

    select * from {{ ref('stg_company__facilities') }}

),

factors as (

    select * from {{ ref('int_emission_factors') }}

),

tolerances as (

    select
        rule_id,
        min(tolerance_share) as tolerance_share
    from {{ ref('stg_company__tolerances') }}
    where
        rule_id in ('estimated_share', 'fallback_factor_share', 'missing_evidence_share')
        and source is null
        and flow_id is null
    group by rule_id

),

-- for which flows somebody publishes factors of the site's country, or of parts of it
published as (

    select
        facilities.facility_id,
        factors.flow_id,
        factors.component,
        max(case when factors.geography = facilities.country then 0 else 1 end)
            as has_part_of_country
    from facilities
    inner join factors
        on
            facilities.country = factors.geography
            or factors.geography like facilities.country || '-%'
    where
        factors.technology = ''
        and factors.basis in ('location', 'both')
    group by facilities.facility_id, factors.flow_id, factors.component

),

weighed as (

    select
        emissions.facility_id,
        emissions.period_month,
        emissions.gross_kgco2e,
        emissions.gross_kgco2e * emissions.estimated_share as estimated_kgco2e,
        emissions.gross_kgco2e * emissions.without_evidence_share as without_evidence_kgco2e,
        case
            when emissions.match_level = 'country' and published.has_part_of_country = 1
                then emissions.gross_kgco2e
            when emissions.match_level = 'global' and published.facility_id is not null
                then emissions.gross_kgco2e
            else 0.0
        end as fallback_kgco2e
    from emissions
    left join published
        on
            emissions.facility_id = published.facility_id
            and emissions.flow_id = published.flow_id
            and emissions.component = published.component

),

sites as (

    select
        facility_id,
        period_month,
        sum(gross_kgco2e) as gross_kgco2e,
        sum(estimated_kgco2e) as estimated_kgco2e,
        sum(without_evidence_kgco2e) as without_evidence_kgco2e,
        sum(fallback_kgco2e) as fallback_kgco2e
    from weighed
    group by facility_id, period_month

),

weaknesses as (

    select
        facility_id,
        period_month,
        'estimated_share' as rule_id,
        gross_kgco2e,
        estimated_kgco2e as concerned_kgco2e
    from sites
    union all
    select
        facility_id,
        period_month,
        'fallback_factor_share' as rule_id,
        gross_kgco2e,
        fallback_kgco2e as concerned_kgco2e
    from sites
    union all
    select
        facility_id,
        period_month,
        'missing_evidence_share' as rule_id,
        gross_kgco2e,
        without_evidence_kgco2e as concerned_kgco2e
    from sites

)

select
    weaknesses.facility_id,
    weaknesses.period_month,
    weaknesses.rule_id,
    weaknesses.gross_kgco2e,
    weaknesses.concerned_kgco2e,
    weaknesses.concerned_kgco2e / nullif(weaknesses.gross_kgco2e, 0.0) as concerned_share,
    tolerances.tolerance_share,
    coalesce(
        weaknesses.concerned_kgco2e / nullif(weaknesses.gross_kgco2e, 0.0)
        > tolerances.tolerance_share + 1e-9,
        false
    ) as is_beyond
from weaknesses
left join tolerances
    on weaknesses.rule_id = tolerances.rule_id
