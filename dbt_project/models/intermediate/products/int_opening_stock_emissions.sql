-- One row per reference period, flow of a site that only stock from before the first period gave,
-- and component: what the company states of it, by the factor that the site would use.

with stocks as (

    select * from {{ ref('stg_solved__opening_stocks') }}

),

periods as (

    select * from {{ ref('stg_solved__periods') }}

),

facilities as (

    select * from {{ ref('stg_company__facilities') }}

),

choices as (

    select * from {{ ref('int_factor_choices') }}
    where supplier_key = ''

)

select
    stocks.reference_period,
    stocks.facility_id,
    stocks.process_id,
    stocks.flow_id,
    choices.component,
    'raw_material_acquisition' as life_cycle_stage,
    facilities.consolidation_share,
    {% for column in gas_columns() -%}
        stocks.quantity * facilities.consolidation_share * choices.{{ column }}_per_unit
            as {{ column }},
    {% endfor -%}
    stocks.quantity * facilities.consolidation_share * choices.location_based_kgco2e_per_unit
        as location_based_kgco2e,
    stocks.quantity * facilities.consolidation_share * choices.market_based_kgco2e_per_unit
        as market_based_kgco2e
from stocks
inner join periods
    on stocks.reference_period = periods.reference_period
inner join facilities
    on stocks.facility_id = facilities.facility_id
inner join choices
    on
        periods.first_month = choices.period_month
        and stocks.facility_id = choices.facility_id
        and stocks.flow_id = choices.flow_id
