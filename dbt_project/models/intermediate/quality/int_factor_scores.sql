-- One row per reference period, month, site, flow, component, supplier and basis: how well the
-- factors in use fit the site and the period, scored from 1, best, to 5, unknown (method DQR),
-- and what the scores add to the variance of the logarithm (method R41).
-- A rating that a supplier states of its own figure goes before the matrix, which knows less; its
-- variance is that of the nearest score. Parts of a market-based mix weigh by what they emit.

with period_months as (

    select * from {{ ref('int_period_months') }}

),

period_ends as (

    select
        reference_period,
        max(extract(year from period_month) * 12 + extract(month from period_month)) as end_month
    from period_months
    group by reference_period

),

mix as (

    select * from {{ ref('int_factor_mix') }}

),

factors as (

    select * from {{ ref('int_emission_factors') }}

),

facilities as (

    select * from {{ ref('stg_company__facilities') }}

),

variances as (

    select * from {{ ref('pedigree_variances') }}
    where variance_set = '{{ var("pedigree_set") }}'

),

fitted as (

    select
        mix.*,
        period_months.reference_period,
        factors.factor_version_id is null as is_from_instrument,
        factors.technology_match,
        factors.data_geography,
        versions.technological_dqr,
        versions.geographical_dqr,
        versions.temporal_dqr,
        facilities.country,
        facilities.subdivision,
        facilities.grid_region,
        -- both end with a month, so months and the days of the matrix say the same
        abs(period_ends.end_month - (factors.data_year + 1) * 12) as months_apart
    from period_months
    inner join period_ends
        on period_months.reference_period = period_ends.reference_period
    inner join mix
        on period_months.period_month = mix.period_month
    inner join facilities
        on mix.facility_id = facilities.facility_id
    left join factors
        on
            mix.factor_version_id = factors.factor_version_id
            and mix.flow_id = factors.flow_id
            and mix.component = factors.component
    left join {{ ref('stg_factors__versions') }} as versions
        on mix.factor_version_id = versions.factor_version_id

),

scored as (

    select
        *,
        case
            when technological_dqr is not null then technological_dqr
            -- the certificate names the plant that generates, the plant measured its own fuel
            when is_from_instrument then 2
            when match_level = 'facility' or measured_cell is not null then 1
            when match_level = 'supplier' and technology_match = 'plant' then 1
            when match_level = 'supplier' then 2
            when technology_match = 'plant' then 1
            when technology_match = 'company' then 2
            when technology_match = 'equivalent' then 3
            when technology_match = 'proxy' then 4
            else 5
        end as technological_score,
        case
            when geographical_dqr is not null then geographical_dqr
            when match_level = 'facility' or measured_cell is not null then 1
            -- a market is that of the country; the same is asked of certificates
            when is_from_instrument and subdivision is null then 1
            when is_from_instrument then 2
            when data_geography is null then 5
            when data_geography = 'GLO' then 4
            -- a supplier's figure is about the supplier's own place
            when match_level = 'supplier' and data_geography like '%-%' then 1
            when match_level = 'supplier' then 2
            when data_geography = facility_id or data_geography = subdivision then 1
            when data_geography = country and subdivision is null then 1
            when data_geography = country or data_geography = grid_region then 2
            else 5
        end as geographical_score,
        case
            when temporal_dqr is not null then temporal_dqr
            -- months of the instrument's own generation period
            when is_from_instrument then 1
            when months_apart is null then 5
            when months_apart <= 12 then 1
            when months_apart <= 24 then 2
            when months_apart <= 36 then 3
            when months_apart <= 48 then 4
            else 5
        end as temporal_score,
        abs(share * kgco2e_per_unit) as weight
    from fitted

),

with_variances as (

    select
        scored.*,
        technological.variance + geographical.variance + temporal.variance as factor_variance
    from scored
    inner join variances as technological
        on
            technological.indicator = 'technological'
            and floor(scored.technological_score + 0.5) = technological.score
    inner join variances as geographical
        on
            geographical.indicator = 'geographical'
            and floor(scored.geographical_score + 0.5) = geographical.score
    inner join variances as temporal
        on
            temporal.indicator = 'temporal'
            and floor(scored.temporal_score + 0.5) = temporal.score

)

select
    reference_period,
    period_month,
    facility_id,
    flow_id,
    component,
    supplier_key,
    basis,
    sum(weight * technological_score) / nullif(sum(weight), 0.0) as technological_score,
    sum(weight * geographical_score) / nullif(sum(weight), 0.0) as geographical_score,
    sum(weight * temporal_score) / nullif(sum(weight), 0.0) as temporal_score,
    sum(weight * factor_variance) / nullif(sum(weight), 0.0) as factor_variance
from with_variances
group by
    reference_period,
    period_month,
    facility_id,
    flow_id,
    component,
    supplier_key,
    basis
