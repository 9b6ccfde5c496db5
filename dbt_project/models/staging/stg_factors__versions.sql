-- One row per emission factor version.

select
    -- which factor
    factor_version_id,
    library,
    factor_id,
    edition,
    flow_id,
    flow_unit_code,
    boundary,
    basis,
    technology,

    -- where and when it holds
    geography,
    supplier_id,
    cast({{ to_double('data_year') }} as integer) as data_year,
    cast(valid_from as date) as valid_from,
    cast(valid_to as date) as valid_to,

    -- its unit and fuel parameters
    unit as factor_unit_text,
    is_energy_based,
    {{ to_double('tj_per_flow_unit') }} as tj_per_flow_unit,
    {{ to_double('factor_units_per_flow_unit') }} as factor_units_per_flow_unit,
    {{ to_double('carbon_content_tc_per_tj') }} as carbon_content_tc_per_tj,
    {{ to_double('oxidation_fraction') }} as oxidation_fraction,
    {{ to_double('loss_rate') }} as loss_rate,

    -- who published it
    {{ to_double('library_priority') }} as library_priority,
    source_id,
    source_locator,
    publisher,
    source_title,
    licence,
    gwp_set as published_gwp_set,
    status,
    note,

    -- how well it fits its use
    technology_match,
    coalesce(data_geography, geography) as data_geography,

    -- what a supplier says of its own figure, and of the record it sent
    {{ to_double('primary_data_share') }} as primary_data_share,
    {{ to_double('technological_dqr') }} as technological_dqr,
    {{ to_double('geographical_dqr') }} as geographical_dqr,
    {{ to_double('temporal_dqr') }} as temporal_dqr,
    record_id,
    record_status,
    superseded_by,
    source_file,
    source_line
from {{ source('accepted', 'emission_factors') }}
