-- One row per flow and unit text: what one such unit is in the flow's canonical unit and in mass.

with flows as (

    select * from {{ ref('stg_company__flows') }}

),

conversions as (

    select * from {{ ref('stg_units__conversions') }}

),

mass_units as (

    select * from {{ ref('mass_units') }}

)

select
    flows.flow_id,
    flows.flow_kind,
    flows.unit_code,
    conversions.unit_text,
    conversions.multiplier as units_per_unit_text,
    conversions.multiplier * mass_units.kg_per_unit as kg_per_unit_text
from flows
inner join conversions
    on
        flows.flow_id = conversions.flow_id
        and conversions.property = ''
left join mass_units
    on flows.unit_code = mass_units.unit_code
