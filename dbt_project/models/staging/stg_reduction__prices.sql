-- One row per site and flow with a price.

select
    facility_id,
    flow_id,
    price_per_unit,
    currency
from {{ source('reduction', 'flow_prices') }}
