{% macro whole(number) -%}
    {#- A quantity of emissions as digits without decimals, in tonnes, or grams of one unit. -#}
    cast(cast(round(abs({{ number }}) * case when unit = 'kgCO2e' then 0.001 else 1000.0 end) as bigint)
        as {{ dbt.type_string() }})
{%- endmacro %}

{% macro grouped(digits) -%}
    {#- The digits of a whole number with a comma before each three, as all figures are written. -#}
    {%- set count = 'length(' ~ digits ~ ')' -%}
    {%- set thousands = "',' || substr(" ~ digits ~ ", " ~ count ~ " - 2, 3)" -%}
    {%- set millions = "',' || substr(" ~ digits ~ ", " ~ count ~ " - 5, 3) || " ~ thousands -%}
    {%- set billions = "',' || substr(" ~ digits ~ ", " ~ count ~ " - 8, 3) || " ~ millions %}
    case
        when {{ count }} > 9 then substr({{ digits }}, 1, {{ count }} - 9) || {{ billions }}
        when {{ count }} > 6 then substr({{ digits }}, 1, {{ count }} - 6) || {{ millions }}
        when {{ count }} > 3 then substr({{ digits }}, 1, {{ count }} - 3) || {{ thousands }}
        else {{ digits }}
    end
{%- endmacro %}

{% macro gap_in_words(language) -%}
    {#- The gap of a year to its target in a sentence, from the columns of target_path. -#}
    {%- set words = {
        'en': {
            'forecast': ' (forecast)', 'colon': ': ',
            'against': ' against ', 'on_the_path': ' on the path, ', 'below': ' below', 'above': ' above',
            'residual': '; to be neutralised: ', 'by': ' by ', 'who': 'neutralised_by',
            'peak': ': highest in ', 'end': '.',
        },
        'zh': {
            'forecast': '（预测）', 'colon': '：',
            'against': '，路径值 ', 'on_the_path': '，', 'below': '（低于路径）', 'above': '（高于路径）',
            'residual': '；待中和：', 'by': '，方式：', 'who': 'neutralised_by_zh',
            'peak': '；峰值年份 ', 'end': '。',
        },
    }[language] -%}
    {%- set unit = "case when unit = 'kgCO2e' then ' tCO2e' "
        ~ "else ' gCO2e/' || replace(unit, 'kgCO2e per ', '') end" -%}
    cast(inventory_year as {{ dbt.type_string() }})
    || case when is_forecast then '{{ words.forecast }}' else '' end
    || '{{ words.colon }}' || value_text || {{ unit }}
    || case
        when path_value is null then ''
        else
            '{{ words.against }}' || path_text || {{ unit }}
            || '{{ words.on_the_path }}' || gap_text || {{ unit }}
            || case when verdict = 'above_path' then '{{ words.above }}' else '{{ words.below }}' end
    end
    || case
        when kind = 'peak'
            then '{{ words.peak }}' || cast(peak_year as {{ dbt.type_string() }})
        when is_neutral_year
            then
                '{{ words.residual }}' || value_text || {{ unit }}
                || '{{ words.by }}' || {{ words.who }}
        else ''
    end
    || '{{ words.end }}'
{%- endmacro %}
