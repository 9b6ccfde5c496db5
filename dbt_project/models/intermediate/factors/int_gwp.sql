-- One row per gas: its GWP-100 in the chosen set, and whether it counts in the total.

{{ config(materialized='table') }}

with gases as (

    select * from {{ ref('gases') }}

),

gwp as (

    select * from {{ ref('gwp') }}

),

settings as (

    select * from {{ ref('stg_company__settings') }}

),

chosen as (

    select
        {% if var('gwp_set') -%}
            '{{ var("gwp_set") }}'
        {%- else -%}
            max(setting_value)
        {%- endif %} as gwp_set
    from settings
    where setting = 'gwp_set'

)

select
    gases.gas_code,
    gases.kyoto_family,
    gases.in_total,
    chosen.gwp_set,
    gwp.gwp100
from gases
cross join chosen
left join gwp
    on
        gases.gas_code = gwp.gas_code
        and chosen.gwp_set = gwp.gwp_set
