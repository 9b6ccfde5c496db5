-- One row per month, site, flow, component, supplier, basis and part of the mix: which factor
-- version applies to which share of the quantity. Location-based: one part. Market-based:
-- certificates first, the rest at the residual mix, or at the grid average where there is none
-- (method R9). Order of choice: supplier's own, site, subdivision, grid region, country, world;
-- then the library's priority and the newest edition valid on the first day of the month.

{{ replace_partitions() }}

with months as (

    select period_month
    from {{ ref('stg_control__build_months') }}
    where {{ in_stale_months('period_month') }}

),

facilities as (

    select * from {{ ref('stg_company__facilities') }}

),

-- a factor of an own flow states what stock from before the first period carries; no activity
-- takes it
required as (

    select
        flow_id,
        component
    from {{ ref('int_required_components') }}
    union all
    select
        flow_id,
        'upstream' as component
    from {{ ref('stg_company__flows') }}
    where flow_kind in ('product', 'intermediate')

),

factors as (

    select * from {{ ref('int_emission_factors') }}

),

measured as (

    select * from {{ ref('int_measured_properties') }}
    where {{ in_stale_months('period_month') }}

),

coverage as (

    select * from {{ ref('int_instrument_coverage') }}

),

places as (

    select
        facility_id,
        facility_id as geography,
        'facility' as match_level,
        1 as level_rank
    from facilities
    union all
    select
        facility_id,
        subdivision as geography,
        'subdivision' as match_level,
        2 as level_rank
    from facilities
    union all
    select
        facility_id,
        grid_region as geography,
        'grid_region' as match_level,
        3 as level_rank
    from facilities
    union all
    select
        facility_id,
        country as geography,
        'country' as match_level,
        4 as level_rank
    from facilities
    union all
    select
        facility_id,
        'GLO' as geography,
        'global' as match_level,
        5 as level_rank
    from facilities

),

supplier_keys as (

    select
        flow_id,
        '' as supplier_key
    from required
    union
    select
        flow_id,
        supplier_id as supplier_key
    from factors
    where supplier_id is not null

),

valid as (

    select
        months.period_month,
        places.facility_id,
        required.flow_id,
        required.component,
        supplier_keys.supplier_key,
        factors.factor_version_id,
        factors.basis,
        factors.technology,
        factors.is_energy_based,
        factors.tj_per_flow_unit,
        factors.carbon_content_tc_per_tj,
        factors.oxidation_fraction,
        factors.co2_fossil_kg,
        factors.is_derived,
        factors.library_priority,
        factors.valid_from,
        factors.kgco2e_per_unit,
        case
            when factors.supplier_id is not null then 'supplier'
            else places.match_level
        end as match_level,
        case
            when factors.supplier_id is not null then 0
            else places.level_rank
        end as level_rank
    from months
    cross join required
    inner join supplier_keys
        on required.flow_id = supplier_keys.flow_id
    inner join factors
        on
            required.flow_id = factors.flow_id
            and required.component = factors.component
            and (
                factors.supplier_id is null
                or supplier_keys.supplier_key = factors.supplier_id
            )
            and months.period_month >= factors.valid_from
            and (factors.valid_to is null or months.period_month < factors.valid_to)
    inner join places
        on factors.geography = places.geography

),

-- the best of each technology, and of those that are market-based alone; a contract's residual mix
-- is no average of the place
ranked as (

    select
        *,
        case when technology = '' and basis = 'market' then 1 else 0 end as is_market_alone,
        row_number() over (
            partition by
                period_month,
                facility_id,
                flow_id,
                component,
                supplier_key,
                technology,
                case when technology = '' and basis = 'market' then 1 else 0 end
            order by
                level_rank asc,
                is_derived asc,
                library_priority asc nulls last,
                valid_from desc,
                factor_version_id asc
        ) as choice
    from valid

),

chosen as (

    select
        *,
        max(is_market_alone) over (
            partition by period_month, facility_id, flow_id, component, supplier_key, technology
        ) as has_market_alone
    from ranked
    where choice = 1

),

location_choice as (

    select * from chosen
    where technology = '' and is_market_alone = 0

),

market_choice as (

    select * from chosen
    where technology = '' and is_market_alone = has_market_alone

),

technology_choice as (

    select * from chosen
    where technology != ''

),

covered as (

    select
        market_choice.period_month,
        market_choice.facility_id,
        market_choice.flow_id,
        market_choice.component,
        market_choice.supplier_key,
        coverage.factor_version_id as part,
        case
            when
                market_choice.component = 'generation'
                and coverage.claimed_kgco2_per_unit is not null
                then coverage.factor_version_id
            when technology_choice.factor_version_id is not null
                then technology_choice.factor_version_id
            else market_choice.factor_version_id
        end as factor_version_id,
        case
            when
                market_choice.component = 'generation'
                and coverage.claimed_kgco2_per_unit is not null
                then coverage.claimed_kgco2_per_unit
            when technology_choice.factor_version_id is not null
                then technology_choice.kgco2e_per_unit
            else market_choice.kgco2e_per_unit
        end as kgco2e_per_unit,
        coverage.covered_share
    from market_choice
    inner join coverage
        on
            market_choice.period_month = coverage.period_month
            and market_choice.facility_id = coverage.facility_id
            and market_choice.flow_id = coverage.flow_id
    left join technology_choice
        on
            market_choice.period_month = technology_choice.period_month
            and market_choice.facility_id = technology_choice.facility_id
            and market_choice.flow_id = technology_choice.flow_id
            and market_choice.component = technology_choice.component
            and market_choice.supplier_key = technology_choice.supplier_key
            and coverage.technology = technology_choice.technology

),

covered_shares as (

    select
        period_month,
        facility_id,
        flow_id,
        component,
        supplier_key,
        sum(covered_share) as covered_share
    from covered
    group by period_month, facility_id, flow_id, component, supplier_key

),

parts as (

    select
        period_month,
        facility_id,
        flow_id,
        component,
        supplier_key,
        'location_based' as basis,
        'grid' as part,
        factor_version_id,
        match_level,
        1.0 as share,
        kgco2e_per_unit,
        is_energy_based,
        tj_per_flow_unit,
        carbon_content_tc_per_tj,
        oxidation_fraction,
        co2_fossil_kg
    from location_choice
    union all
    select
        market_choice.period_month,
        market_choice.facility_id,
        market_choice.flow_id,
        market_choice.component,
        market_choice.supplier_key,
        'market_based' as basis,
        'uncovered' as part,
        market_choice.factor_version_id,
        market_choice.match_level,
        1.0 - coalesce(covered_shares.covered_share, 0.0) as share,
        market_choice.kgco2e_per_unit,
        market_choice.is_energy_based,
        market_choice.tj_per_flow_unit,
        market_choice.carbon_content_tc_per_tj,
        market_choice.oxidation_fraction,
        market_choice.co2_fossil_kg
    from market_choice
    left join covered_shares
        on
            market_choice.period_month = covered_shares.period_month
            and market_choice.facility_id = covered_shares.facility_id
            and market_choice.flow_id = covered_shares.flow_id
            and market_choice.component = covered_shares.component
            and market_choice.supplier_key = covered_shares.supplier_key
    union all
    select
        period_month,
        facility_id,
        flow_id,
        component,
        supplier_key,
        'market_based' as basis,
        part,
        factor_version_id,
        'instrument' as match_level,
        covered_share as share,
        kgco2e_per_unit,
        false as is_energy_based,
        null as tj_per_flow_unit,
        null as carbon_content_tc_per_tj,
        null as oxidation_fraction,
        null as co2_fossil_kg
    from covered

),

-- a value that the plant measured replaces the factor's default
with_measured as (

    select
        parts.*,
        case
            when parts.is_energy_based and calorific.property_value is not null
                then calorific.property_value / parts.tj_per_flow_unit
            else 1.0
        end as calorific_ratio,
        case
            when parts.carbon_content_tc_per_tj is not null and carbon.property_value is not null
                then carbon.property_value / parts.carbon_content_tc_per_tj
            else 1.0
        end as carbon_content_ratio,
        -- carbon in an amount of the fuel needs no calorific value
        carbon_of_amount.property_value
        * parts.oxidation_fraction
        * (44e0 / 12e0) as measured_co2_fossil_kg,
        case when parts.is_energy_based then calorific.measured_cell end as calorific_cell,
        case
            when
                parts.oxidation_fraction is not null
                and parts.co2_fossil_kg != 0.0
                and carbon_of_amount.measured_cell is not null
                then carbon_of_amount.measured_cell
            when parts.carbon_content_tc_per_tj is not null then carbon.measured_cell
        end as carbon_cell
    from parts
    left join measured as calorific
        on
            parts.period_month = calorific.period_month
            and parts.facility_id = calorific.facility_id
            and parts.flow_id = calorific.flow_id
            and calorific.property = 'ncv'
    left join measured as carbon
        on
            parts.period_month = carbon.period_month
            and parts.facility_id = carbon.facility_id
            and parts.flow_id = carbon.flow_id
            and carbon.property = 'carbon_content'
    left join measured as carbon_of_amount
        on
            parts.period_month = carbon_of_amount.period_month
            and parts.facility_id = carbon_of_amount.facility_id
            and parts.flow_id = carbon_of_amount.flow_id
            and carbon_of_amount.property = 'carbon_content_per_unit'

),

with_ratios as (

    select
        *,
        coalesce(
            measured_co2_fossil_kg / nullif(co2_fossil_kg * calorific_ratio, 0.0),
            carbon_content_ratio
        ) as carbon_ratio
    from with_measured

)

select
    period_month,
    facility_id,
    flow_id,
    component,
    supplier_key,
    basis,
    part,
    factor_version_id,
    match_level,
    share,
    calorific_ratio,
    carbon_ratio,
    case
        when calorific_cell is not null and carbon_cell is not null
            then calorific_cell || ' + ' || carbon_cell
        else coalesce(calorific_cell, carbon_cell)
    end as measured_cell,
    -- carbon content bears on the fossil CO2 alone, the calorific value on all gases
    calorific_ratio
    * case
        when carbon_ratio = 1.0 then kgco2e_per_unit
        else kgco2e_per_unit + co2_fossil_kg * (carbon_ratio - 1.0)
    end as kgco2e_per_unit
from with_ratios
