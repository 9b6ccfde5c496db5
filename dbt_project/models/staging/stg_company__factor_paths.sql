-- One row per flow, component, site, basis and year.

select
    flow_id,
    component,
    coalesce(facility_id, '') as facility_id,
    coalesce(basis, '') as basis,
    cast(year as integer) as path_year,
    {{ to_double('value') }} as factor,
    source_id,
    source_locator
from {{ source('company', 'factor_paths') }}
