-- One row per scope certificate, site and product: what a kilogram of certified input may become.

select
    scope_certificate,
    standard,
    facility_id,
    flow_id,
    {{ to_double('yield_share') }} as yield_share,
    coalesce({{ to_double('opening_kg') }}, 0.0) as opening_kg,
    cast(valid_from as date) as valid_from,
    cast(valid_to as date) as valid_to
from {{ source('company', 'scope_certificates') }}
