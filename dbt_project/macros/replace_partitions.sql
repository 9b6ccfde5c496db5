{#-
    Incremental models keep a row set per month and replace whole months.

    The months to replace are those whose inputs changed since they were last built
    (source control.build_months); they are written into the statement as literals so
    that the engine skips the files of all other months.
-#}

{% macro replace_partitions() -%}
    {{ return(adapter.dispatch('replace_partitions', 'carbonloom')()) }}
{%- endmacro %}

{% macro default__replace_partitions() -%}
    {{ config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='append_new_columns',
        pre_hook="{{ delete_stale_months() }}"
    ) }}
{%- endmacro %}

{% macro spark__replace_partitions() -%}
    {{ config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by=['period_month']
    ) }}
{%- endmacro %}

{% macro stale_months() -%}
    {#- List of months as text, or none when everything has to be built. -#}
    {%- if not execute or not is_incremental() -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set rows = run_query(
        'select cast(period_month as varchar) as period_month from '
        ~ source('control', 'build_months') ~ ' where is_stale order by period_month'
    ) -%}
    {{ return(rows.columns[0].values() | list) }}
{%- endmacro %}

{% macro in_stale_months(column) -%}
    {#- Condition that keeps the months to build; true on a first build. -#}
    {%- set months = stale_months() -%}
    {%- if months is none -%}
        true
    {%- elif months | length == 0 -%}
        false
    {%- else -%}
        {{ column }} in (
        {%- for month in months -%}
            date '{{ month }}'{{ ', ' if not loop.last }}
        {%- endfor -%}
        )
    {%- endif -%}
{%- endmacro %}

{% macro delete_stale_months() -%}
    {%- set months = stale_months() -%}
    {%- if months -%}
        delete from {{ this }} where {{ in_stale_months('period_month') }}
    {%- endif -%}
{%- endmacro %}
