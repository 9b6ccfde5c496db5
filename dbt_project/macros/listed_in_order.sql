{% macro listed_in_order(measure, delimiter, order_by) -%}
    {#- The texts of a group under each other, in the order of a column. -#}
    {{ return(adapter.dispatch('listed_in_order', 'carbonloom')(measure, delimiter, order_by)) }}
{%- endmacro %}

{% macro default__listed_in_order(measure, delimiter, order_by) -%}
    {{ dbt.listagg(measure, delimiter, 'order by ' ~ order_by) }}
{%- endmacro %}

{% macro spark__listed_in_order(measure, delimiter, order_by) -%}
    {#- dbt's own listagg knows no order there; Spark's does, since 4.0 -#}
    listagg({{ measure }}, {{ delimiter }}) within group (order by {{ order_by }})
{%- endmacro %}
