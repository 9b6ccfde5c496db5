{#-
    Additive LMDI-I (Ang 2005): what a factor of a product contributed to its change is the
    logarithmic mean of the two products times the logarithm of the factor's ratio.
-#}

{% macro log_mean(newer, older) -%}
    {#- L(a, b) = (a - b) / ln(a / b) of two numbers of one sign, L(a, a) = a. Where they almost
        agree, the quotient would be noise: their mean differs from it by less than 1e-13. -#}
    case
        when abs({{ newer }} - {{ older }}) <= 1e-6 * abs({{ older }})
            then ({{ newer }} + {{ older }}) / 2.0
        else ({{ newer }} - {{ older }}) / ln({{ newer }} / {{ older }})
    end
{%- endmacro %}

{% macro change_terms() -%}
    {#- The terms of variance_explained that add up to the change. -#}
    {{ return([
        'activity', 'structure', 'requirement', 'intensity', 'factor', 'new', 'ended', 'method',
        'boundary', 'undivided'
    ]) }}
{%- endmacro %}
