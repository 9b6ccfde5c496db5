{% macro declared_units_per_unit(declared_unit, unit_code, kg_per_unit, kg_per_declared_unit, moisture, regain) -%}
    {#- What was weighed with its moisture, at commercial regain (method R14). -#}
    case
        when {{ declared_unit }} = {{ unit_code }} then 1.0
        else {{ kg_per_unit }} / {{ kg_per_declared_unit }}
    end
    * case
        when {{ kg_per_unit }} is null or {{ moisture }} is null then 1.0
        else (1.0 - {{ moisture }}) * (1.0 + {{ regain }})
    end
{%- endmacro %}
