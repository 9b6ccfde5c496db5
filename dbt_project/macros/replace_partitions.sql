{#-
    Incremental models keep a row set per month, or per reference period, and replace it whole.

    The months to replace are those whose inputs changed since they were last built
    (source control.build_months), the reference periods those that were solved anew
    (source solved.periods); they are written into the statement as literals so that the
    engine skips the files of all others.
-#}

{% macro replace_partitions() -%}
    {{ return(adapter.dispatch('replace_partitions', 'carbonloom')('period_month')) }}
{%- endmacro %}

{% macro replace_periods() -%}
    {{ return(adapter.dispatch('replace_partitions', 'carbonloom')('reference_period')) }}
{%- endmacro %}

{% macro default__replace_partitions(column) -%}
    {{ config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='append_new_columns',
        pre_hook="{{ delete_stale_months() }}"
            if column == 'period_month' else "{{ delete_stale_periods() }}"
    ) }}
{%- endmacro %}

{% macro spark__replace_partitions(column) -%}
    {{ config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        on_schema_change='append_new_columns',
        partition_by=[column],
        pre_hook="{{ delete_stale_months() }}"
            if column == 'period_month' else "{{ delete_stale_periods() }}"
    ) }}
{%- endmacro %}

{% macro stale_months() -%}
    {#- List of months as date literals, or none when everything has to be built. -#}
    {{ return(stale_literals('control', 'build_months', 'period_month', 'date ')) }}
{%- endmacro %}

{% macro stale_periods() -%}
    {#- List of reference periods as text literals, or none when everything has to be built. -#}
    {{ return(stale_literals('solved', 'periods', 'reference_period', '')) }}
{%- endmacro %}

{% macro stale_literals(source_name, table, column, literal_type) -%}
    {#- The source is named only here: a unit test, which is no increment, needs no rows of it. -#}
    {%- if execute and var('leaves_stale_open', false) -%}
        {#- a statement that is kept: whoever runs it fills in what is stale then -#}
        {{ return(['$' ~ table]) }}
    {%- endif -%}
    {%- if not execute or not is_incremental() -%}
        {{ return(none) }}
    {%- endif -%}
    {{ return(literals_of(
        'select cast(' ~ column ~ ' as string) as stale from '
        ~ source(source_name, table) ~ ' where is_stale order by stale',
        literal_type
    )) }}
{%- endmacro %}

{% macro literals_of(query, literal_type) -%}
    {#- The values that a query of one column finds, as literals. -#}
    {%- set literals = [] -%}
    {%- for value in run_query(query).columns[0].values() -%}
        {%- do literals.append(literal_type ~ "'" ~ value ~ "'") -%}
    {%- endfor -%}
    {{ return(literals) }}
{%- endmacro %}

{% macro in_stale_months(column) -%}
    {#- Condition that keeps the months to build; true on a first build. -#}
    {{ return(is_one_of(column, stale_months())) }}
{%- endmacro %}

{% macro in_stale_periods(column) -%}
    {#- Condition that keeps the reference periods to build; true on a first build. -#}
    {{ return(is_one_of(column, stale_periods())) }}
{%- endmacro %}

{% macro is_one_of(column, literals) -%}
    {%- if literals is none -%}
        true
    {%- elif literals | length == 0 -%}
        false
    {%- else -%}
        {{ column }} in ({{ literals | join(', ') }})
    {%- endif -%}
{%- endmacro %}

{% macro delete_stale_months() -%}
    {#- Spark overwrites the partitions that the new rows are in: a month without any would stay. -#}
    {{ return(adapter.dispatch('delete_stale_months', 'carbonloom')()) }}
{%- endmacro %}

{% macro default__delete_stale_months() -%}
    {%- set months = stale_months() -%}
    {%- if months -%}
        delete from {{ this }} where {{ is_one_of('period_month', months) }}
    {%- endif -%}
{%- endmacro %}

{% macro spark__delete_stale_months() -%}
    {{ drop_partitions('period_month', stale_months()) }}
{%- endmacro %}

{% macro delete_stale_periods() -%}
    {#- Also the periods that no longer exist: the months of a year may all be withdrawn. -#}
    {{ return(adapter.dispatch('delete_stale_periods', 'carbonloom')()) }}
{%- endmacro %}

{% macro default__delete_stale_periods() -%}
    {%- if is_incremental() -%}
        delete from {{ this }} where {{ is_no_standing_period() }}
    {%- endif -%}
{%- endmacro %}

{% macro spark__delete_stale_periods() -%}
    {%- if execute and is_incremental() -%}
        {{ drop_partitions('reference_period', literals_of(
            'select distinct reference_period from ' ~ this
            ~ ' where ' ~ is_no_standing_period(), ''
        )) }}
    {%- endif -%}
{%- endmacro %}

{% macro is_no_standing_period() -%}
    reference_period not in (
        select reference_period from {{ source('solved', 'periods') }} where not is_stale
    )
{%- endmacro %}

{% macro drop_partitions(column, literals) -%}
    {#- Parquet tables of Spark refuse DELETE; whole partitions can be dropped. -#}
    {%- if literals -%}
        alter table {{ this }} drop if exists
        {% for literal in literals -%}
            {{ ', ' if not loop.first }}partition ({{ column }} = {{ literal }})
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
