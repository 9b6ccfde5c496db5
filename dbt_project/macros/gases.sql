{#- Mass columns of a factor or emission: column -> condition on reference.gases. -#}
{% macro gas_columns() -%}
    {{ return({
        'co2_fossil_kg': "gas_code = 'co2_fossil'",
        'co2_biogenic_kg': "gas_code = 'co2_biogenic'",
        'co2_luc_kg': "gas_code = 'co2_luc'",
        'ch4_fossil_kg': "gas_code = 'ch4_fossil'",
        'ch4_biogenic_kg': "gas_code = 'ch4_biogenic'",
        'n2o_kg': "gas_code = 'n2o'",
        'hfcs_kg': "kyoto_family = 'hfc'",
        'pfcs_kg': "kyoto_family = 'pfc'",
        'sf6_kg': "kyoto_family = 'sf6'",
        'nf3_kg': "kyoto_family = 'nf3'",
        'other_gases_kg': "kyoto_family = 'other'",
        'unsplit_kgco2e': "gas_code = 'co2e'"
    }) }}
{%- endmacro %}
