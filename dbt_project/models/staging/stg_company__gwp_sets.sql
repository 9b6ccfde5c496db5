-- One row per set of the company's own and gas.

select
    gwp_set,
    gas_code,
    {{ to_double('gwp100') }} as gwp100,
    source
from {{ source('company', 'gwp_sets') }}
