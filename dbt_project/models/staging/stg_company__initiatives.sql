-- One row per initiative.

select
    initiative_id,
    name_en,
    name_zh,
    status,
    cast(starts_on as date) as starts_on,
    coalesce({{ to_double('ramp_months') }}, 0.0) as ramp_months,
    {{ to_double('life_years') }} as life_years,
    {{ to_double('capex') }} as capex,
    {{ to_double('other_costs_per_year') }} as other_costs_per_year,
    {{ to_double('discount_rate') }} as discount_rate,
    currency,
    owner,
    source_id,
    source_locator,
    note
from {{ source('company', 'initiatives') }}
