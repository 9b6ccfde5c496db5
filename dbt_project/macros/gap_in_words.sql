{% macro whole(number) -%}
    {#- A quantity of emissions as a text without decimals, in tonnes, or grams of one unit. -#}
    cast(cast(round(abs({{ number }}) * case when unit = 'kgCO2e' then 0.001 else 1000.0 end) as bigint)
        as {{ dbt.type_string() }})
{%- endmacro %}

{% macro gap_in_words(language) -%}
    {#- The gap of a year to its target in a sentence, from the columns of target_path. -#}
    {%- set words = {
        'en': {
            'forecast': ' (forecast)', 'colon': ': ',
            'against': ' against ', 'on_the_path': ' on the path, ', 'below': ' below', 'above': ' above',
            'residual': '; to be neutralised: ', 'by': ' by ', 'peak': ': highest in ', 'end': '.',
        },
        'zh': {
            'forecast': '（预测）', 'colon': '：',
            'against': '，路径值 ', 'on_the_path': '，', 'below': '（低于路径）', 'above': '（高于路径）',
            'residual': '；待中和：', 'by': '，方式：', 'peak': '：峰值年份 ', 'end': '。',
        },
    }[language] -%}
    {%- set unit = "case when unit = 'kgCO2e' then ' tCO2e' "
        ~ "else ' gCO2e/' || replace(unit, 'kgCO2e per ', '') end" -%}
    cast(inventory_year as {{ dbt.type_string() }})
    || case when is_forecast then '{{ words.forecast }}' else '' end
    || '{{ words.colon }}' || {{ whole('value') }} || {{ unit }}
    || case
        when path_value is null then ''
        else
            '{{ words.against }}' || {{ whole('path_value') }} || {{ unit }}
            || '{{ words.on_the_path }}' || {{ whole('gap') }} || {{ unit }}
            || case when verdict = 'above_path' then '{{ words.above }}' else '{{ words.below }}' end
    end
    || case
        when kind = 'peak'
            then '{{ words.peak }}' || cast(peak_year as {{ dbt.type_string() }})
        when is_neutral_year
            then
                '{{ words.residual }}' || {{ whole('value') }} || {{ unit }}
                || '{{ words.by }}' || neutralised_by
        else ''
    end
    || '{{ words.end }}'
{%- endmacro %}
