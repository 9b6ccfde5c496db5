-- One row per month and the fingerprint of the inputs that its figures were built from.
-- Written last: a run that dies before leaves its months stale, so the next one rebuilds them.
-- depends_on: {{ ref('int_built_periods') }}
-- depends_on: {{ ref('int_inventory_months') }}
-- depends_on: {{ ref('int_days') }}
-- depends_on: {{ ref('int_missing_factors') }}
-- depends_on: {{ ref('int_missing_scenario_factors') }}
-- depends_on: {{ ref('int_unfit_factors') }}
-- depends_on: {{ ref('emissions_by_process') }}
-- depends_on: {{ ref('emissions_by_stage') }}
-- depends_on: {{ ref('facility_inventory') }}
-- depends_on: {{ ref('lineage') }}
-- depends_on: {{ ref('quality_results') }}
-- depends_on: {{ ref('quality_rules') }}
-- depends_on: {{ ref('round_status') }}
-- depends_on: {{ ref('sign_offs') }}
-- depends_on: {{ ref('emissions_by_hand_in') }}
-- depends_on: {{ ref('factor_gases') }}
-- depends_on: {{ ref('supplier_footprints') }}
-- depends_on: {{ ref('process_balances') }}
-- depends_on: {{ ref('certified_volumes') }}
-- depends_on: {{ ref('emission_lines') }}
-- depends_on: {{ ref('hotspots') }}
-- depends_on: {{ ref('initiative_tracking') }}
-- depends_on: {{ ref('target_path') }}
-- depends_on: {{ ref('variance_explained') }}
-- depends_on: {{ ref('initiatives') }}
-- depends_on: {{ ref('abatement_curve') }}
-- depends_on: {{ ref('stg_reduction__effects') }}
-- depends_on: {{ ref('stg_reduction__quantities') }}
-- depends_on: {{ ref('initiative_products') }}
-- depends_on: {{ ref('difference_significance') }}
-- depends_on: {{ ref('improvement_list') }}
-- depends_on: {{ ref('uncertainty_shares') }}
-- depends_on: {{ ref('stg_uncertainty__inventory') }}
-- depends_on: {{ ref('stg_uncertainty__markets') }}
-- depends_on: {{ ref('dim_facility') }}
-- depends_on: {{ ref('dim_factor_version') }}
-- depends_on: {{ ref('dim_flow') }}
-- depends_on: {{ ref('dim_ghg_category') }}
-- depends_on: {{ ref('dim_month') }}
-- depends_on: {{ ref('dim_period') }}
-- depends_on: {{ ref('dim_process') }}
-- depends_on: {{ ref('dim_product') }}
-- depends_on: {{ ref('dim_round') }}
-- depends_on: {{ ref('dim_stage') }}
-- depends_on: {{ ref('fact_product_months') }}
-- depends_on: {{ ref('fact_product_years') }}

with build_months as (

    select * from {{ ref('stg_control__build_months') }}

)

select
    period_month,
    fingerprint
from build_months
