-- One row per process, flow, direction, component and month: the emission line with what it is the
-- product of, quantity × factor, beside the output that the quantity served.

{{ replace_partitions() }}

with emissions as (

    select * from {{ ref('int_emissions') }}
    where {{ in_stale_months('period_month') }}

),

publishers as (

    select
        factor_version_id,
        component,
        min(publisher) as publisher
    from {{ ref('emission_factors') }}
    group by factor_version_id, component

),

process_outputs as (

    select * from {{ ref('int_process_outputs') }}
    where {{ in_stale_months('period_month') }}

),

site_outputs as (

    select
        facility_id,
        period_month,
        sum(quantity_kg) as output_kg
    from {{ ref('int_system_exchanges') }}
    where
        {{ in_stale_months('period_month') }}
        and direction = 'output'
        and flow_kind = 'product'
        and process_type <> 'non_product'
    group by facility_id, period_month

),

-- suppliers are summed: whom a flow is bought from moves the factor of its line
lines as (

    select
        emissions.facility_id,
        emissions.stage_code,
        emissions.process_id,
        emissions.flow_id,
        emissions.direction,
        emissions.component,
        emissions.period_month,
        emissions.ghg_scope,
        emissions.scope3_category,
        emissions.ghg_category,
        emissions.unit_code,
        emissions.consolidation_share,
        sum(emissions.quantity * emissions.consolidation_share) as quantity,
        sum(emissions.location_based_kgco2e) as location_based_kgco2e,
        sum(emissions.market_based_kgco2e) as market_based_kgco2e,
        min(
            coalesce(publishers.publisher, split_part(emissions.factor_version_id, ':', 1))
            || ', ' || emissions.match_level
        ) as first_factor_origin,
        max(
            coalesce(publishers.publisher, split_part(emissions.factor_version_id, ':', 1))
            || ', ' || emissions.match_level
        ) as last_factor_origin
    from emissions
    left join publishers
        on
            emissions.factor_version_id = publishers.factor_version_id
            and emissions.component = publishers.component
    group by
        emissions.facility_id,
        emissions.stage_code,
        emissions.process_id,
        emissions.flow_id,
        emissions.direction,
        emissions.component,
        emissions.period_month,
        emissions.ghg_scope,
        emissions.scope3_category,
        emissions.ghg_category,
        emissions.unit_code,
        emissions.consolidation_share

)

select
    lines.process_id
    || '/' || substr(cast(lines.period_month as string), 1, 7)
    || '/' || lines.ghg_category as result_id,
    lines.facility_id,
    lines.stage_code,
    lines.process_id,
    lines.flow_id,
    lines.direction,
    lines.component,
    lines.period_month,
    lines.ghg_scope,
    lines.scope3_category,
    lines.ghg_category,
    lines.quantity,
    lines.unit_code,
    lines.consolidation_share,
    case
        when lines.first_factor_origin = lines.last_factor_origin then lines.first_factor_origin
        else lines.first_factor_origin || '; ' || lines.last_factor_origin
    end as factor_origin,
    process_outputs.output_quantity * lines.consolidation_share as output_quantity,
    process_outputs.output_unit_code,
    site_outputs.output_kg * lines.consolidation_share as site_output_kg,
    lines.location_based_kgco2e,
    lines.market_based_kgco2e
from lines
left join process_outputs
    on
        lines.process_id = process_outputs.process_id
        and lines.period_month = process_outputs.period_month
left join site_outputs
    on
        lines.facility_id = site_outputs.facility_id
        and lines.period_month = site_outputs.period_month
