-- One row per record that a supplier sent and flow it is about: what it says, whether another
-- followed it, and which figures rest on it.

with versions as (

    select * from {{ ref('stg_factors__versions') }}
    where record_id is not null

),

sent as (

    select distinct factor_version_id
    from versions

),

parts as (

    select
        lineage.factor_version_id,
        min(lineage.period_month) as first_month,
        max(lineage.period_month) as last_month,
        sum(case when lineage.basis = 'location_based' then lineage.part_kgco2e else 0.0 end)
            as location_based_kgco2e,
        sum(case when lineage.basis = 'market_based' then lineage.part_kgco2e else 0.0 end)
            as market_based_kgco2e
    from sent
    inner join {{ ref('lineage') }} as lineage
        on sent.factor_version_id = lineage.factor_version_id
    group by lineage.factor_version_id

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
