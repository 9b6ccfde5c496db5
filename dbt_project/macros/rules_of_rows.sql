{#- The parts of the test `holds`: each is a query of what breaks a rule, and where. -#}

{% macro rules_of_a_row(not_null, accepted_values, bounds, conditions) -%}
    {#- Rule in words -> condition of the rows that break it. -#}
    {%- set rules = {} -%}
    {%- for column in not_null -%}
        {%- do rules.update({column ~ ' is never blank': column ~ ' is null'}) -%}
    {%- endfor -%}
    {%- for column, values in accepted_values.items() -%}
        {%- do rules.update({
            column ~ ' is one of ' ~ values | join(', '):
            column ~ " not in ('" ~ values | join("', '") ~ "')"
        }) -%}
    {%- endfor -%}
    {%- for column, bound in bounds.items() -%}
        {%- if bound.low is defined -%}
            {%- do rules.update({
                column ~ ' is at least ' ~ bound.low: column ~ ' < ' ~ bound.low ~ ' - 1e-9'
            }) -%}
        {%- endif -%}
        {%- if bound.high is defined -%}
            {%- do rules.update({
                column ~ ' is at most ' ~ bound.high: column ~ ' > ' ~ bound.high ~ ' + 1e-9'
            }) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for rule, condition in conditions.items() -%}
        {%- do rules.update({rule: 'not (' ~ condition ~ ')'}) -%}
    {%- endfor -%}
    {{ return(rules) }}
{%- endmacro %}

{% macro rows_of_one_grain(model, grain) -%}
    select
        'one row per {{ grain | join(", ") }}' as rule,
        {{ named_values(grain) }} as example
    from {{ model }}
    group by {{ grain | join(', ') }}
    having count(*) > 1
{%- endmacro %}

{% macro rows_of_stale_months(model) -%}
    (
        select *
        from {{ model }}
        where
            period_month in (
                select period_month
                from {{ source('control', 'build_months') }}
                where is_stale
            )
    ) as stale
{%- endmacro %}

{% macro rows_that_break(model, rules, grain) -%}
    {#- One reading of the rows for all rules that a row keeps or breaks by itself. -#}
    select
        concat_ws(
            '; '
            {%- for rule, broken in rules.items() -%}
                , case when {{ broken }} then '{{ rule }}' end
            {%- endfor -%}
        ) as rule,
        {{ named_values(grain) }} as example
    from {{ model }}
    where
        {% for broken in rules.values() -%}
            {{ 'or ' if not loop.first }}{{ broken }}
        {% endfor %}
{%- endmacro %}

{% macro rows_without_match(model, column, to, field, grain) -%}
    select
        '{{ column }} is a {{ field }} of {{ to.identifier }}' as rule,
        {{ named_values([column] + grain) }} as example
    from {{ model }}
    where
        {{ column }} is not null
        and {{ column }} not in (select {{ field }} from {{ to }} where {{ field }} is not null)
{%- endmacro %}

{% macro sums_that_differ(model, rule, sums) -%}
    {%- set by = sums.by | join(', ') -%}
    select
        '{{ rule }}' as rule,
        {{ named_values(sums.by + ['part', 'total']) }} as example
    from (
        select {{ by }}, sum({{ sums.column }}) as part
        from {{ model }}
        where {{ sums.where | default('true') }}
        group by {{ by }}
    ) as parts
    full outer join (
        select {{ by }}, sum({{ sums.column }}) as total
        from {{ sums.total }}
        group by {{ by }}
    ) as totals using ({{ by }})
    where
        abs(coalesce(part, 0) - coalesce(total, 0)) > 0.000001 + 1e-9 * abs(coalesce(total, 0))
{%- endmacro %}

{% macro named_values(columns) -%}
    {#- The columns of a row in one text, each with its name. -#}
    {%- for column in columns -%}
        {{ " || ', " if not loop.first else "'" }}{{ column }} ' || coalesce(cast({{ column }} as {{ dbt.type_string() }}), 'blank')
    {%- endfor -%}
{%- endmacro %}

{% macro rows_left_behind(models, column, standing) -%}
    {#- Months or periods of incremental models that `standing`, a query of one column, doesn't
        know: what a build had to take away, and left. -#}
    {%- for model in models %}
    {{ 'union all' if not loop.first }}
    select distinct
        '{{ model }}' as table_name,
        cast({{ column }} as string) as left_behind
    from {{ ref(model) }}
    where {{ column }} not in ({{ standing }})
    {%- endfor %}
{%- endmacro %}
