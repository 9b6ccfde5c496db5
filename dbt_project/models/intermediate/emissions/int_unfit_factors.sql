-- One row per flow, component, site and month without a factor, and factor version that exists
-- for the flow and component: why it isn't the one.

with missing as (

    select * from {{ ref('int_missing_factors') }}

),

factors as (

    select * from {{ ref('int_emission_factors') }}

),

facilities as (

    select * from {{ ref('stg_company__facilities') }}

)

select
    missing.flow_id,
    missing.component,
    missing.facility_id,
    missing.period_month,
    factors.factor_version_id,
    concat_ws(
        ', ',
        case
            when factors.supplier_id is not null
                then 'is of supplier ' || factors.supplier_id || ' alone'
        end,
        case
            when factors.technology <> '' then 'is for certificates of ' || factors.technology
        end,
        case
            when
                factors.geography not in (
                    'GLO',
                    facilities.facility_id,
                    coalesce(facilities.subdivision, ''),
                    coalesce(facilities.grid_region, ''),
                    coalesce(facilities.country, '')
                )
                then 'is for ' || factors.geography
        end,
        case
            when factors.basis = 'market' then 'is market-based alone'
        end,
        case
            when missing.period_month < factors.valid_from
                then 'holds from ' || cast(factors.valid_from as string)
        end,
        case
            when missing.period_month >= factors.valid_to
                then 'ended on ' || cast(factors.valid_to as string)
        end,
        case
            when factors.kgco2e_per_unit is null then 'has a gas without a GWP in the chosen set'
        end,
        case
            when factors.is_energy_based and factors.tj_per_flow_unit is null
                then 'says neither gross nor net, which a measured calorific value needs'
        end
    ) as why_not
from missing
inner join factors
    on
        missing.flow_id = factors.flow_id
        and missing.component = factors.component
left join facilities
    on missing.facility_id = facilities.facility_id
