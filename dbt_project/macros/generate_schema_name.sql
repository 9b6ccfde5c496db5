{% macro generate_schema_name(custom_schema_name, node) -%}
    {#- Schemas are named staging, intermediate, marts and reference, without a prefix. -#}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}
