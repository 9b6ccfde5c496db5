-- One row per gas: its GWP-100 in the chosen set, and whether it counts in the total. A set is one
-- of an IPCC report or the company's own.

{{ config(materialized='table') }}

with gases as (

    select * from {{ ref('gases') }}

),

gwp as (

    select * from {{ ref('gwp') }}

),

own as (

    select * from {{ ref('stg_company__gwp_sets') }}
    where gwp_set not in (select gwp.gwp_set from gwp)

),

-- carbon dioxide is what the others are measured in: it is the same in every set
co2 as (

    select distinct
        gas_code,
        gwp100,
        source
    from gwp
    where gas_code like 'co2%'

),

known as (

    select
        gwp_set,
        gas_code,
        gwp100,
        source
    from gwp
    union all
    select
        gwp_set,
        gas_code,
        gwp100,
        source
    from own
    where gas_code not like 'co2%'
    union all
    select
        sets.gwp_set,
        co2.gas_code,
        co2.gwp100,
        co2.source
    from (select distinct gwp_set from own) as sets
    cross join co2

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
    known.gwp100,
    known.source as gwp_source
from gases
cross join chosen
left join known
    on
        gases.gas_code = known.gas_code
        and chosen.gwp_set = known.gwp_set
