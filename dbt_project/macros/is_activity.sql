{% macro is_activity(prefix='') -%}
    {#- Readings that are activity data: a blank that may be blank states nothing; every other blank
        was refused by the gate. -#}
    {{ prefix }}role = 'activity'
    and {{ prefix }}direction in ('input', 'output')
    and {{ prefix }}cell_value is not null
{%- endmacro %}
