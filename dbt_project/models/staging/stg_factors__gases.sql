-- One row per factor version and gas it names.

select
    factor_version_id,
    gas_code,
    {{ to_double('kg_per_factor_unit') }} as kg_per_factor_unit
from {{ source('accepted', 'emission_factor_gases') }}
