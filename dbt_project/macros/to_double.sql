{% macro to_double(text) -%}
    {#- The number a text holds, null when it holds none; never an error. -#}
    try_cast({{ text }} as double)
{%- endmacro %}
