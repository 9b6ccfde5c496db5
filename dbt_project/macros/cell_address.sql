{# Where a reading was read, as file#sheet!cell; a text export has lines and no sheets #}
{% macro cell_address(readings='') -%}
    {%- set prefix = readings ~ '.' if readings else '' -%}
    {{ prefix }}source_file || '#' || coalesce({{ prefix }}source_sheet || '!', '')
        || {{ prefix }}source_cell
{%- endmacro %}
