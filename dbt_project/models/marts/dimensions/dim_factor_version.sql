-- One row per factor version, published or on a certificate: of one component, so it has one row in
-- emission_factors, which the primary key sees to.

select
    factor_version_id,
    flow_id,
    component,
    unit_code,
    is_derived,
    library,
    edition,
    publisher,
    source_title,
    source_locator,
    geography,
    data_year,
    valid_from,
    valid_to
from {{ ref('emission_factors') }}
