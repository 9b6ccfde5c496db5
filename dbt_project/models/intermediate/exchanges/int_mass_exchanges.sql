-- One row per process, flow, direction and month of what takes part in the mass balance: dry
-- mass and the carbon in it.

{{ replace_partitions() }}

with exchanges as (

    select * from {{ ref('int_system_exchanges') }}
    where {{ in_stale_months('period_month') }}

),

properties as (

    select * from {{ ref('stg_company__flow_properties') }}

),

measured as (

    select
        facility_id,
        flow_id,
        period_month,
        max(property_value) as moisture_share
    from {{ ref('int_measured_properties') }}
    where property = 'moisture'
    group by facility_id, flow_id, period_month

),

weighed as (

    select
        exchanges.period_month,
        exchanges.facility_id,
        exchanges.process_id,
        exchanges.process_type,
        exchanges.flow_id,
        exchanges.flow_kind,
        -- what is oxidised on site leaves, on whichever side of the sheet it stands
        case
            when exchanges.flow_kind = 'process_emission' then 'output'
            else exchanges.direction
        end as direction,
        exchanges.quantity_kg,
        max(case when properties.property = 'moisture' then properties.property_value end)
            as moisture_share,
        max(case when properties.property = 'carbon_content' then properties.property_value end)
            as carbon_content
    from exchanges
    left join properties
        on
            exchanges.flow_id = properties.flow_id
            and properties.property in ('moisture', 'carbon_content')
            and {{ valid_on('properties', 'exchanges.period_month') }}
    where
        exchanges.flow_kind in (
            'material',
            'intermediate',
            'product',
            'waste',
            'own_waste',
            'process_emission'
        )
    group by
        exchanges.period_month,
        exchanges.facility_id,
        exchanges.process_id,
        exchanges.process_type,
        exchanges.flow_id,
        exchanges.flow_kind,
        exchanges.direction,
        exchanges.quantity_kg

),

dry as (

    select
        weighed.period_month,
        weighed.facility_id,
        weighed.process_id,
        weighed.process_type,
        weighed.flow_id,
        weighed.flow_kind,
        weighed.direction,
        weighed.quantity_kg,
        weighed.carbon_content,
        weighed.quantity_kg
        * (1.0 - coalesce(measured.moisture_share, weighed.moisture_share)) as dry_kg
    from weighed
    left join measured
        on
            weighed.facility_id = measured.facility_id
            and weighed.flow_id = measured.flow_id
            and weighed.period_month = measured.period_month

)

select
    period_month,
    facility_id,
    process_id,
    process_type,
    flow_id,
    flow_kind,
    direction,
    quantity_kg,
    dry_kg,
    dry_kg * carbon_content as carbon_kg
from dry
-- a moisture that is stated says that a flow takes part; what is made always does
where
    dry_kg is not null
    or flow_kind in ('intermediate', 'product')
