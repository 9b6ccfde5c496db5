-- One row per flow.

select
    flow_id,
    name_en as flow_name_en,
    name_zh as flow_name_zh,
    flow_kind,
    unit_code,
    components,
    life_cycle_stage,
    coalesce(is_aircraft = 'true', false) as is_aircraft,
    exempted_because,
    {{ to_double('exempted_upper_bound_kgco2e_per_unit') }}
        as exempted_upper_bound_kgco2e_per_unit,
    exempted_upper_bound_source
from {{ source('company', 'flows') }}
