{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ return(adapter.dispatch('generate_schema_name', 'carbonloom')(custom_schema_name, node)) }}
{%- endmacro %}

{% macro default__generate_schema_name(custom_schema_name, node) -%}
    {#- Schemas are named staging, intermediate, marts and reference, without a prefix. -#}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}

{% macro spark__generate_schema_name(custom_schema_name, node) -%}
    {#- Schemas of a cluster are those of everybody: each warehouse has a prefix of its own. -#}
    {{ target.schema }}{{ '_' ~ custom_schema_name if custom_schema_name }}
{%- endmacro %}
