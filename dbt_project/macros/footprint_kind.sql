{#- What the marts of uncertainty call the footprint of a boundary and method: cradle to gate by
    cut-off, which is exchanged, is `product`, others say both. -#}
{% macro footprint_kind(boundary, method) -%}
    case
        when {{ boundary }} = 'cradle_to_gate' and {{ method }} = 'cut_off' then 'product'
        else {{ boundary }} || '/' || {{ method }}
    end
{%- endmacro %}
