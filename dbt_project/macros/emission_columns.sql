{#- Every column of an emission that is added up: kilograms of each gas, and both totals. -#}
{% macro emission_columns() -%}
    {{ return(
        (gas_columns() | list) + ['location_based_kgco2e', 'market_based_kgco2e']
    ) }}
{%- endmacro %}
