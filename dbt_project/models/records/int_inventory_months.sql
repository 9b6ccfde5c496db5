-- One row per month and the fingerprint of the inputs that its inventory was built from.
-- Written last in the first half of the project: the product system is solved on these months.
-- depends_on: {{ ref('emissions_by_process') }}
-- depends_on: {{ ref('emissions_by_stage') }}
-- depends_on: {{ ref('facility_inventory') }}
-- depends_on: {{ ref('lineage') }}
-- depends_on: {{ ref('factor_gases') }}
-- depends_on: {{ ref('supplier_footprints') }}
-- depends_on: {{ ref('emission_lines') }}
-- depends_on: {{ ref('emission_factors') }}
-- depends_on: {{ ref('int_check_totals') }}
-- depends_on: {{ ref('int_exempted_activities') }}
-- depends_on: {{ ref('int_system_exchanges') }}
-- depends_on: {{ ref('int_distribution') }}
-- depends_on: {{ ref('int_emission_quality') }}
-- depends_on: {{ ref('int_mass_exchanges') }}

with build_months as (

    select * from {{ ref('stg_control__build_months') }}

)

select
    period_month,
    fingerprint
from build_months
