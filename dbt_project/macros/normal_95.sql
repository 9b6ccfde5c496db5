{% macro normal_95() -%}
    {#- Standard deviations of a normal distribution from its mean to the bound of 95 %. -#}
    1.959963984540054
{%- endmacro %}
