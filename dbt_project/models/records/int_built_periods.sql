-- One row per reference period and the fingerprint of the inputs its products were built from.
-- Written last: a run that dies before leaves its periods stale, so the next one rebuilds them.
-- depends_on: {{ ref('product_coefficients') }}
-- depends_on: {{ ref('product_contributions') }}
-- depends_on: {{ ref('emissions_by_product') }}
-- depends_on: {{ ref('product_footprints') }}
-- depends_on: {{ ref('product_properties') }}
-- depends_on: {{ ref('product_data_quality') }}
-- depends_on: {{ ref('exemptions') }}
-- depends_on: {{ ref('reconciliation') }}
-- depends_on: {{ ref('flow_intensities') }}
-- depends_on: {{ ref('co_product_allocation') }}
-- depends_on: {{ ref('system_links') }}
-- depends_on: {{ ref('process_balances') }}

with periods as (

    select * from {{ ref('stg_solved__periods') }}

)

select
    reference_period,
    fingerprint
from periods
