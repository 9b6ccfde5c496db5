-- One row per certificate, site, flow and month: the share of the metered quantity that it
-- covers. A certificate spreads over the months of its generation period by consumption.

with in_force as (

    select distinct
        round,
        hand_in,
        revision
    from {{ ref('stg_control__in_force') }}

),

certificates as (

    select certificates.*
    from {{ ref('stg_instruments__certificates') }} as certificates
    inner join in_force
        on
            certificates.round = in_force.round
            and certificates.hand_in = in_force.hand_in
            and certificates.revision = in_force.revision

),

conversions as (

    select * from {{ ref('stg_units__conversions') }}

),

consumption as (

    select
        facility_id,
        flow_id,
        period_month,
        sum(quantity) as quantity
    from {{ ref('int_activity_totals') }}
    where
        direction = 'input'
        and flow_id in (select certificates.flow_id from certificates)
    group by facility_id, flow_id, period_month

),

newest as (

    select
        certificates.*,
        row_number() over (
            partition by certificates.registry_id
            order by certificates.round desc
        ) as newest_first
    from certificates

),

in_units as (

    select
        newest.*,
        newest.instrument_quantity * conversions.multiplier as certified_quantity,
        newest.claimed_kgco2_per_kwh / per_kwh.multiplier as claimed_kgco2_per_unit
    from newest
    left join conversions
        on
            newest.flow_id = conversions.flow_id
            and newest.unit_text = conversions.unit_text
            and conversions.property = ''
    left join conversions as per_kwh
        on
            newest.flow_id = per_kwh.flow_id
            and per_kwh.unit_text = 'kWh'
            and per_kwh.property = ''
    where newest.newest_first = 1

),

matched as (

    select
        in_units.registry_id,
        in_units.technology,
        in_units.claimed_kgco2_per_unit,
        in_units.certified_quantity,
        in_units.source_file,
        in_units.source_line,
        consumption.facility_id,
        consumption.flow_id,
        consumption.period_month,
        sum(consumption.quantity) over (partition by in_units.registry_id)
            as quantity_in_period
    from in_units
    inner join consumption
        on
            in_units.facility_id = consumption.facility_id
            and in_units.flow_id = consumption.flow_id
            -- whole months, as the gate counts them
            and date_trunc('month', in_units.generation_start)
            <= consumption.period_month
            and in_units.generation_end > consumption.period_month

)

select
    'instrument:' || registry_id as factor_version_id,
    registry_id,
    facility_id,
    flow_id,
    period_month,
    coalesce(technology, '') as technology,
    claimed_kgco2_per_unit,
    certified_quantity / nullif(quantity_in_period, 0.0) as covered_share,
    source_file,
    source_line
from matched
