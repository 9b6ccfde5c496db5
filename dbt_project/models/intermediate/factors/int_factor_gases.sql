-- One row per factor version and gas: kilograms per canonical unit of the flow.
-- Fuels: net calorific value × carbon content × oxidation × 44/12 (method R4).

with versions as (

    select * from {{ ref('stg_factors__versions') }}

),

gases as (

    select * from {{ ref('stg_factors__gases') }}

),

gwp as (

    select * from {{ ref('int_gwp') }}

),

published as (

    select
        versions.factor_version_id,
        gases.gas_code,
        gases.kg_per_factor_unit * versions.factor_units_per_flow_unit as kg_per_unit
    from versions
    inner join gases
        on versions.factor_version_id = gases.factor_version_id

),

from_carbon_content as (

    select
        factor_version_id,
        'co2_fossil' as gas_code,
        tj_per_flow_unit
        * carbon_content_tc_per_tj
        * 1000.0
        * oxidation_fraction
        * 44.0 / 12.0 as kg_per_unit
    from versions
    where carbon_content_tc_per_tj is not null

),

per_unit as (

    select * from published
    union all
    select * from from_carbon_content

)

select
    per_unit.factor_version_id,
    per_unit.gas_code,
    gwp.kyoto_family,
    gwp.gwp_set,
    per_unit.kg_per_unit,
    gwp.gwp100,
    gwp.gwp_source,
    -- gases outside the total keep their mass and count zero; a gas without a GWP stays null
    case
        when gwp.in_total then per_unit.kg_per_unit * gwp.gwp100
        when not gwp.in_total then 0.0
    end as kgco2e_per_unit
from per_unit
left join gwp
    on per_unit.gas_code = gwp.gas_code
