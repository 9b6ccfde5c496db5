{#- Amounts of int_emission_quality that shares of primary and estimated data are made of. -#}
{% macro quality_columns() -%}
    {%- set columns = [] -%}
    {%- for basis in ['location_based', 'market_based'] -%}
        {%- for amount in ['gross', 'primary', 'estimated'] -%}
            {%- do columns.append(basis ~ '_' ~ amount ~ '_kgco2e') -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}
