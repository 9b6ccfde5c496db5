-- One row per activity total and emission component.
-- Here, and only here, a quantity is multiplied by an emission factor.

{{ replace_partitions() }}

with activities as (

    select * from {{ ref('int_activity_totals') }}
    where {{ in_stale_months('period_month') }}

),

required as (

    select * from {{ ref('int_required_components') }}

),

choices as (

    select * from {{ ref('int_factor_choices') }}
    where {{ in_stale_months('period_month') }}

)

select
    -- what emitted
    activities.facility_id,
    activities.stage_code,
    activities.process_id,
    activities.flow_id,
    activities.direction,
    activities.period_month,
    activities.supplier_key,
    required.component,
    required.ghg_category,
    required.ghg_scope,
    required.scope3_category,

    -- how much
    activities.quantity,
    activities.unit_code,
    activities.consolidation_share,
    activities.activity_count,
    activities.estimated_share,
    activities.without_evidence_share,

    -- with which factor
    choices.factor_version_id,
    choices.match_level,
    choices.factor_version_id is null
    or choices.location_based_kgco2e_per_unit is null
    or choices.market_based_kgco2e_per_unit is null as is_factor_missing,

    -- kilograms
    {% for column in gas_columns() -%}
        activities.quantity
        * activities.consolidation_share
        * choices.{{ column }}_per_unit as {{ column }},
    {% endfor -%}
    activities.quantity
    * activities.consolidation_share
    * choices.location_based_kgco2e_per_unit as location_based_kgco2e,
    activities.quantity
    * activities.consolidation_share
    * choices.market_based_kgco2e_per_unit as market_based_kgco2e
from activities
inner join required
    on activities.flow_id = required.flow_id
left join choices
    on
        activities.period_month = choices.period_month
        and activities.facility_id = choices.facility_id
        and activities.flow_id = choices.flow_id
        and activities.supplier_key = choices.supplier_key
        and required.component = choices.component
