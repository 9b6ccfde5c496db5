{#-
    Additive LMDI-I (Ang 2005): what a factor of a product contributed to its change is the
    logarithmic mean of the two products times the logarithm of the factor's ratio. Said here for
    the marts and for the table macros of a publication, which know no `with`: each macro is an
    expression over the columns of one row.

    A row has older_value, newer_value, older_quantity and newer_quantity; whole_term, the term that
    carries all of the change whatever the numbers are, or null; is_of_another_method; a ratio of
    each factor, <term>_ratio, or null where it has none; and output_ratio, what the quantities
    followed.
-#}

{% macro ratio(newer, older) -%}
    {#- Newer over older, of one sign and of a size that products of ratios still have; else null:
        5e-324 kg on a tonne is no emission factor, and has no logarithm beside one. -#}
    case
        when {{ newer }} / nullif({{ older }}, 0.0) between 1e-100 and 1e100
            then {{ newer }} / {{ older }}
    end
{%- endmacro %}

{% macro log_mean(newer, older) -%}
    {#- L(a, b) = (a - b) / ln(a / b) of two numbers of one sign, L(a, a) = a. Where they almost
        agree, the quotient would be noise: their mean differs from it by less than 1e-13. -#}
    case
        when abs({{ newer }} - {{ older }}) <= 1e-6 * abs({{ older }})
            then ({{ newer }} + {{ older }}) / 2.0
        else ({{ newer }} - {{ older }}) / ln({{ newer }} / {{ older }})
    end
{%- endmacro %}

{% macro only_term() -%}
    {#- The term that carries the whole change, or null. A line of no emissions or another sign in
        one period has no logarithm: by the analytical limit, the factor that vanishes or turns
        carries all of it (Wood and Lenzen 2006). -#}
    case
        when whole_term is not null then whole_term
        when {{ ratio('newer_quantity', 'older_quantity') }} is null then 'intensity'
        when {{ ratio('newer_value', 'older_value') }} is not null then null
        when is_of_another_method then 'method'
        else 'factor'
    end
{%- endmacro %}

{% macro change_weight() -%}
    {#- What the logarithm of each ratio is multiplied with; of a row with its only_term. -#}
    case when only_term is null then {{ log_mean('newer_value', 'older_value') }} end
{%- endmacro %}

{% macro whole_change() -%}
    {#- Newer less older; nothing where only the last digits of two sums differ: these come out
        otherwise when they are added up in another order, as a verifier's do. -#}
    case
        when abs(newer_value - older_value) <= 1e-12 * abs(older_value) then 0.0
        else newer_value - older_value
    end
{%- endmacro %}

{% macro logarithmic_part(ratio) -%}
    coalesce(weight * ln(case when only_term is null then {{ ratio }} end), 0.0)
{%- endmacro %}

{% macro change_columns(terms) -%}
    {#- <term>_change of each term, of a row with its only_term and weight; all of them add up to
        newer_value - older_value. -#}
    {%- set by_ratio = {
        'activity': 'activity_ratio',
        'structure': 'structure_ratio',
        'requirement': 'requirement_ratio',
        'intensity': 'newer_quantity / older_quantity / coalesce(output_ratio, 1.0)',
        'factor': 'newer_value / older_value / (newer_quantity / older_quantity)',
        'method': 'newer_value / older_value / (newer_quantity / older_quantity)'
    } -%}
    {%- for term in terms %}
        case
            when only_term = '{{ term }}' then {{ whole_change() }}
            {%- if term == 'factor' %}
            when is_of_another_method then 0.0
            {%- elif term == 'method' %}
            when not is_of_another_method then 0.0
            {%- endif %}
            else {{ logarithmic_part(by_ratio[term]) if term in by_ratio else '0.0' }}
        end as {{ term }}_change{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{% macro change_terms() -%}
    {#- The terms of variance_explained that add up to the change. -#}
    {{ return([
        'activity', 'structure', 'requirement', 'intensity', 'factor', 'new', 'ended', 'method',
        'boundary', 'undivided'
    ]) }}
{%- endmacro %}
