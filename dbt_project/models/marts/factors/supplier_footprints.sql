-- One row per record that a supplier sent and flow it is about: what it says, whether another
-- followed it, and which figures rest on it.

with versions as (

    select * from {{ ref('stg_factors__versions') }}
    where record_id is not null

),

parts as (

    select
        factor_version_id,
        min(period_month) as first_month,
        max(period_month) as last_month,
        sum(case when basis = 'location_based' then part_kgco2e else 0.0 end)
            as location_based_kgco2e,
        sum(case when basis = 'market_based' then part_kgco2e else 0.0 end)
            as market_based_kgco2e
    from {{ ref('lineage') }}
    where factor_version_id in (select versions.factor_version_id from versions)
    group by factor_version_id

)

select
    versions.factor_version_id,
    versions.record_id,
    versions.supplier_id,
    versions.flow_id,
    versions.publisher,
    versions.source_title,
    versions.record_status,
    versions.superseded_by,
    versions.valid_from,
    versions.valid_to,
    versions.primary_data_share,
    versions.technological_dqr,
    versions.geographical_dqr,
    versions.temporal_dqr,
    parts.first_month,
    parts.last_month,
    coalesce(parts.location_based_kgco2e, 0.0) as location_based_kgco2e,
    coalesce(parts.market_based_kgco2e, 0.0) as market_based_kgco2e,
    versions.note
from versions
left join parts
    on versions.factor_version_id = parts.factor_version_id
