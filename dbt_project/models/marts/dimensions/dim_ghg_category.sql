-- One row per inventory category, with its place in three frameworks.

{%- set iso = {
    '1': ['Direct emissions and removals', '直接排放与清除'],
    '2': ['Imported energy', '外购能源'],
    '3': ['Transport', '运输'],
    '4': ["Products used by the organisation", '组织使用的产品'],
    '5': ["Use of the organisation''s products", '组织产品的使用'],
    '6': ['Other sources', '其他来源'],
} %}
{%- set gbt = {
    'fuel_combustion': ['Fuel combustion', '燃料燃烧'],
    'process': ['Process emissions', '过程排放'],
    'purchased_electricity': ['Purchased electricity', '购入电力'],
    'purchased_heat': ['Purchased heat', '购入热力'],
    'not_covered': ['Not covered', '不在核算范围'],
} %}

select
    ghg_category,
    name_en as ghg_category_name_en,
    name_zh as ghg_category_name_zh,
    ghg_scope,
    'Scope ' || ghg_scope as ghg_protocol_name_en,
    case ghg_scope when 1 then '范围一' when 2 then '范围二' else '范围三' end
        as ghg_protocol_name_zh,
    scope3_category,
    iso_14064_1_category,
    {%- for language in ('en', 'zh') %}
        case substr(iso_14064_1_category, 1, 1)
            {%- for code, names in iso.items() %}
                when '{{ code }}' then '{{ names[(language == 'zh') | int] }}'
            {%- endfor %}
        end as iso_14064_1_name_{{ language }},
    {%- endfor %}
    gbt_32150_category,
    {%- for language in ('en', 'zh') %}
        case gbt_32150_category
            {%- for code, names in gbt.items() %}
                when '{{ code }}' then '{{ names[(language == 'zh') | int] }}'
            {%- endfor %}
        end as gbt_32150_name_{{ language }},
    {%- endfor %}
    in_product_boundary,
    sort_order
from {{ ref('ghg_categories') }}
