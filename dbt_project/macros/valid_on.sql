{% macro valid_on(row, day) -%}
    {#- Whether a row holds on a day: from its first, if it names one, to the last exclusive. -#}
    ({{ row }}.valid_from is null or {{ day }} >= {{ row }}.valid_from)
    and ({{ row }}.valid_to is null or {{ day }} < {{ row }}.valid_to)
{%- endmacro %}
