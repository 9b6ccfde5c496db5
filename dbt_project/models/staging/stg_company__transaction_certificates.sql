-- One row per transaction certificate and flow: certified mass in, out, or counted in stock.

select
    certificates.transaction_certificate,
    certificates.scope_certificate,
    certificates.direction,
    certificates.facility_id,
    certificates.flow_id,
    cast(certificates.shipped_on as date) as shipped_on,
    {{ to_double('certificates.certified_quantity') }} * mass_units.kg_per_unit as certified_kg
from {{ source('company', 'transaction_certificates') }} as certificates
left join {{ ref('mass_units') }} as mass_units
    on certificates.unit = mass_units.unit_code
