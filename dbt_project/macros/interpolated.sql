{% macro interpolated(points, keys, year, value, years) -%}
    {#- One row per key and year of `years` (column forecast_year): the value on the straight line
        between the two points around the year; before the first and behind the last point that
        point's own value. -#}
    select
        {% for key in keys -%}
            around.{{ key }},
        {% endfor -%}
        around.forecast_year,
        case
            when around.before_year is null then later.{{ value }}
            when around.after_year is null or around.after_year = around.before_year
                then earlier.{{ value }}
            else
                earlier.{{ value }}
                + (later.{{ value }} - earlier.{{ value }})
                * (around.forecast_year - around.before_year)
                / (around.after_year - around.before_year)
        end as {{ value }}
    from (
        select
            {% for key in keys -%}
                points.{{ key }},
            {% endfor -%}
            years.forecast_year,
            max(case when points.{{ year }} <= years.forecast_year then points.{{ year }} end)
                as before_year,
            min(case when points.{{ year }} >= years.forecast_year then points.{{ year }} end)
                as after_year
        from {{ points }} as points
        cross join {{ years }} as years
        group by
            {% for key in keys -%}
                points.{{ key }},
            {% endfor -%}
            years.forecast_year
    ) as around
    left join {{ points }} as earlier
        on
            {% for key in keys -%}
                around.{{ key }} = earlier.{{ key }} and
            {% endfor -%}
            around.before_year = earlier.{{ year }}
    left join {{ points }} as later
        on
            {% for key in keys -%}
                around.{{ key }} = later.{{ key }} and
            {% endfor -%}
            around.after_year = later.{{ year }}
{%- endmacro %}
