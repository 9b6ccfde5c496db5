{% macro days_between(first, last) -%}
    {#- Whole days from one date to another; negative when the last comes first. -#}
    {{ return(adapter.dispatch('days_between', 'carbonloom')(first, last)) }}
{%- endmacro %}

{% macro default__days_between(first, last) -%}
    datediff('day', {{ first }}, {{ last }})
{%- endmacro %}

{% macro spark__days_between(first, last) -%}
    cast(datediff({{ last }}, {{ first }}) as bigint)
{%- endmacro %}
