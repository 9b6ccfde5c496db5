{% macro reading_columns() -%}
    {#- What a workbook cell and a field of an ERP record have in common. -#}
    -- where it was read
    round,
    hand_in,
    revision,
    source,
    source_file,
    source_sha256,
    source_sheet,
    source_cell,
    multiplier_cell,
    corrected_from,

    -- what was measured
    facility_id,
    process_id,
    flow_id,
    direction,
    role,
    property,
    cast(period_month as date) as period_month,
    supplier_id,
    meter_id,
    document_no,
    data_method,
    evidence,

    -- how much
    value_text,
    cast(quantity as double) as cell_value,
    cast(sign_multiplier as double) as sign_multiplier,
    unit_text
{%- endmacro %}
