{#-
    Everything that one model promises of its rows, in one statement: each row it returns is a
    violation, `rule` says of what and `example` where.

    grain: columns of which no two rows have the same values
    grain_follows_from: of a view with more rows than should be counted: the {model, columns} of
      which no two rows of a month that is built are the same, where the view joins it to whole
      grains of other models; then that is counted instead
    not_null: columns that always have a value
    accepted_values: column -> its only values
    bounds: column -> {low, high}, but for rounding of sums
    conditions: what is said by it -> condition in SQL that every row fulfils
    relationships: column -> {to, field}, where each of its values is found
    adds_up_to: what is said by it -> {column, total, by, where}: the column, summed by `by`, is
    the same column of `total`, in kilograms

    A blank breaks nothing but `not_null`.
-#}
{% test holds(
    model,
    grain,
    grain_follows_from=none,
    not_null=[],
    accepted_values={},
    bounds={},
    conditions={},
    relationships={},
    adds_up_to={}
) %}
{%- set rules = rules_of_a_row(not_null, accepted_values, bounds, conditions) -%}
{%- set checks = [
    rows_of_one_grain(model, grain) if grain_follows_from is none
    else rows_of_one_grain(
        rows_of_stale_months(grain_follows_from.model), grain_follows_from.columns
    )
] -%}
{%- if rules -%}
    {%- do checks.append(rows_that_break(model, rules, grain)) -%}
{%- endif -%}
{%- for column, found in relationships.items() -%}
    {%- do checks.append(rows_without_match(model, column, found.to, found.field, grain)) -%}
{%- endfor -%}
{%- for rule, sums in adds_up_to.items() -%}
    {%- do checks.append(sums_that_differ(model, rule, sums)) -%}
{%- endfor -%}
{{ checks | join('\n\nunion all\n\n') }}
{% endtest %}
