-- One row per factor version and single gas, per canonical unit of its flow.

select
    factor_version_id,
    gas_code,
    kyoto_family,
    kg_per_unit,
    gwp_set,
    gwp100,
    kgco2e_per_unit,
    gwp_source
from {{ ref('int_factor_gases') }}
