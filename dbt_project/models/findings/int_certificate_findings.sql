-- One row per certificate and component for whose technology no factor is in force in its first
-- month, so that the average of the site stands in for it.

with coverage as (

    select * from {{ ref('int_instrument_coverage') }}

),

required as (

    select * from {{ ref('int_required_components') }}

),

factors as (

    select * from {{ ref('int_emission_factors') }}

),

certificates as (

    select
        registry_id,
        facility_id,
        flow_id,
        technology,
        claimed_kgco2_per_unit,
        min(period_month) as period_month
    from coverage
    group by registry_id, facility_id, flow_id, technology, claimed_kgco2_per_unit

),

-- a certificate that states its emissions needs no factor of generation
asked as (

    select
        certificates.*,
        required.component
    from certificates
    inner join required
        on certificates.flow_id = required.flow_id
    where
        required.component <> 'generation'
        or certificates.claimed_kgco2_per_unit is null

),

unmatched as (

    select
        asked.registry_id,
        asked.facility_id,
        asked.flow_id,
        asked.technology,
        asked.component,
        asked.period_month,
        substring(cast(asked.period_month as string), 1, 7) as month_text
    from asked
    left join factors
        on
            asked.flow_id = factors.flow_id
            and asked.component = factors.component
            and asked.technology = factors.technology
            and asked.period_month >= factors.valid_from
            and (factors.valid_to is null or asked.period_month < factors.valid_to)
    where factors.factor_version_id is null

)

select
    'certificate_technology' as rule_id,
    facility_id,
    cast(null as string) as process_id,
    flow_id,
    period_month,
    registry_id || ': ' || technology || ', ' || component as observed,
    'a factor of that technology' as expected,
    cast(null as double) as tolerance,
    cast(null as double) as affected_kgco2e,
    'No factor of ' || flow_id || ' (' || component || ') is for technology ' || technology
    || ' in ' || month_text || '; for certificate ' || registry_id
    || ' the average stands in.' as message_en,
    month_text || ' 没有 ' || flow_id || '（' || component || '）的 ' || technology
    || ' 技术因子；证书 ' || registry_id || ' 以平均值代替。' as message_zh,
    'Write the technology of the certificate as in the factor libraries, capitals included, or '
    || 'add the factor; for generation, kgco2_per_kwh of the certificate does as well.'
        as remedy_en,
    '请按因子库书写证书的技术（区分大小写），或补充该因子；发电部分也可填写证书的 kgco2_per_kwh。'
        as remedy_zh
from unmatched
