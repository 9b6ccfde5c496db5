{% macro months_later(count, day) -%}
    {#- The day so many months later, or earlier where they are below zero. -#}
    {{ return(adapter.dispatch('months_later', 'carbonloom')(count, day)) }}
{%- endmacro %}

{% macro default__months_later(count, day) -%}
    {{ dbt.dateadd('month', count, day) }}
{%- endmacro %}

{% macro spark__months_later(count, day) -%}
    {#- dbt's own dateadd goes by a timestamp of a time zone there, and refuses a blank -#}
    add_months({{ day }}, {{ count }})
{%- endmacro %}
