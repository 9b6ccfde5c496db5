-- One row per product, reference period, recycling method, flow that it names as recycled, and site
-- where it enters: how much of it one declared unit takes in, and what that carries as it is
-- (method R28: R1 and Er), and how much of the virgin material that it could replace. A flow the
-- company makes carries its solved intensity, a bought one its factor.

{{ replace_periods() }}

with periods as (

    select distinct
        reference_period,
        first_month
    from {{ ref('int_product_periods') }}
    where {{ in_stale_periods('reference_period') }}

),

methods as (

    select
        periods.reference_period,
        methods.method,
        methods.recycled_flow_id as flow_id,
        methods.virgin_flow_id
    from {{ ref('stg_company__recycling_methods') }} as methods
    inner join periods
        on
            {{ valid_on('methods', 'periods.first_month') }}
    where methods.method <> 'cut_off'

),

taken_flows as (

    select flow_id from methods
    union
    select virgin_flow_id as flow_id from methods

),

requirements as (

    select * from {{ ref('int_recycled_requirements') }}
    where {{ in_stale_periods('reference_period') }}

),

whole_requirements as (

    select * from {{ ref('int_product_requirements') }}
    where {{ in_stale_periods('reference_period') }}

),

product_periods as (

    select * from {{ ref('int_product_periods') }}
    where {{ in_stale_periods('reference_period') }}

),

months as (

    select * from {{ ref('int_period_months') }}
    where
        reference_period in (
            select whole_requirements.operation_period from whole_requirements
        )

),

exchanges as (

    select * from {{ ref('int_system_exchanges') }}

),

links as (

    select * from {{ ref('stg_solved__links') }}

),

flows as (

    select * from {{ ref('stg_company__flows') }}

),

mass_units as (

    select * from {{ ref('mass_units') }}

),

intensities as (

    select * from {{ ref('int_market_intensities') }}

),

period_emissions as (

    select * from {{ ref('int_period_emissions') }}
    where in_product_boundary

),

taken as (

    select
        months.reference_period,
        exchanges.process_id,
        exchanges.flow_id,
        sum(exchanges.quantity_kg) as taken_kg
    from exchanges
    inner join taken_flows
        on exchanges.flow_id = taken_flows.flow_id
    inner join months
        on exchanges.period_month = months.period_month
    where exchanges.direction = 'input'
    group by months.reference_period, exchanges.process_id, exchanges.flow_id

),

entering as (

    select
        requirements.product_id,
        requirements.reference_period,
        requirements.method,
        requirements.facility_id,
        taken.flow_id,
        {% for column in emission_columns() -%}
            0.0 as {{ column }},
        {% endfor -%}
        requirements.requirement_per_declared_unit * taken.taken_kg as recycled_kg,
        0.0 as virgin_kg
    from requirements
    inner join taken
        on
            requirements.operation_period = taken.reference_period
            and requirements.process_id = taken.process_id
    inner join methods
        on
            requirements.reference_period = methods.reference_period
            and requirements.method = methods.method
            and taken.flow_id = methods.flow_id

),

-- virgin material that the recycled flow could have replaced
virgin as (

    select
        whole_requirements.product_id,
        whole_requirements.reference_period,
        methods.method,
        whole_requirements.facility_id,
        methods.flow_id,
        {% for column in emission_columns() -%}
            0.0 as {{ column }},
        {% endfor -%}
        0.0 as recycled_kg,
        whole_requirements.requirement_per_declared_unit * taken.taken_kg as virgin_kg
    from whole_requirements
    inner join taken
        on
            whole_requirements.operation_period = taken.reference_period
            and whole_requirements.process_id = taken.process_id
    inner join methods
        on
            whole_requirements.reference_period = methods.reference_period
            and taken.flow_id = methods.virgin_flow_id

),

bought as (

    select
        requirements.product_id,
        requirements.reference_period,
        requirements.method,
        requirements.facility_id,
        period_emissions.flow_id,
        {% for column in gas_columns() -%}
            requirements.coefficient_per_declared_unit * period_emissions.{{ column }}
                as {{ column }},
        {% endfor -%}
        requirements.coefficient_per_declared_unit * period_emissions.location_based_kgco2e
            as location_based_kgco2e,
        requirements.coefficient_per_declared_unit * period_emissions.market_based_kgco2e
            as market_based_kgco2e,
        0.0 as recycled_kg,
        0.0 as virgin_kg
    from requirements
    inner join period_emissions
        on
            requirements.operation_period = period_emissions.reference_period
            and requirements.process_id = period_emissions.process_id
    inner join methods
        on
            requirements.reference_period = methods.reference_period
            and requirements.method = methods.method
            and period_emissions.flow_id = methods.flow_id

),

own_makers as (

    select
        links.reference_period,
        links.process_id,
        links.flow_id,
        links.supplier_facility_id as maker_facility_id,
        sum(links.quantity_charged * mass_units.kg_per_unit) as charged_kg
    from links
    inner join flows
        on links.flow_id = flows.flow_id
    left join mass_units
        on flows.unit_code = mass_units.unit_code
    group by
        links.reference_period,
        links.process_id,
        links.flow_id,
        links.supplier_facility_id

),

made as (

    select
        requirements.product_id,
        requirements.reference_period,
        requirements.method,
        requirements.facility_id,
        own_makers.flow_id,
        {% for column in gas_columns() -%}
            requirements.requirement_per_declared_unit
            * own_makers.charged_kg
            * intensities.{{ column }}_per_kg as {{ column }},
        {% endfor -%}
        requirements.requirement_per_declared_unit
        * own_makers.charged_kg
        * intensities.location_based_kgco2e_per_kg as location_based_kgco2e,
        requirements.requirement_per_declared_unit
        * own_makers.charged_kg
        * intensities.market_based_kgco2e_per_kg as market_based_kgco2e,
        0.0 as recycled_kg,
        0.0 as virgin_kg
    from requirements
    inner join own_makers
        on
            requirements.operation_period = own_makers.reference_period
            and requirements.process_id = own_makers.process_id
    inner join methods
        on
            requirements.reference_period = methods.reference_period
            and requirements.method = methods.method
            and own_makers.flow_id = methods.flow_id
    inner join intensities
        on
            own_makers.reference_period = intensities.reference_period
            and own_makers.flow_id = intensities.flow_id
            and own_makers.maker_facility_id = intensities.facility_id

),

-- the product is the recycled flow itself
itself as (

    select
        product_periods.product_id,
        product_periods.reference_period,
        methods.method,
        product_periods.facility_id,
        product_periods.flow_id,
        {% for column in gas_columns() -%}
            product_periods.market_weight
            * product_periods.kg_per_declared_unit
            * intensities.{{ column }}_per_kg as {{ column }},
        {% endfor -%}
        product_periods.market_weight
        * product_periods.kg_per_declared_unit
        * intensities.location_based_kgco2e_per_kg as location_based_kgco2e,
        product_periods.market_weight
        * product_periods.kg_per_declared_unit
        * intensities.market_based_kgco2e_per_kg as market_based_kgco2e,
        product_periods.market_weight * product_periods.kg_per_declared_unit as recycled_kg,
        0.0 as virgin_kg
    from product_periods
    inner join methods
        on
            product_periods.reference_period = methods.reference_period
            and product_periods.flow_id = methods.flow_id
    inner join intensities
        on
            product_periods.reference_period = intensities.reference_period
            and product_periods.flow_id = intensities.flow_id
            and product_periods.facility_id = intensities.facility_id

),

together as (

    select * from entering
    union all
    select * from virgin
    union all
    select * from bought
    union all
    select * from made
    union all
    select * from itself

)

select
    product_id,
    reference_period,
    method,
    facility_id,
    flow_id,
    {% for column in emission_columns() -%}
        sum({{ column }}) as {{ column }},
    {% endfor -%}
    sum(recycled_kg) as recycled_kg,
    sum(virgin_kg) as virgin_kg
from together
group by product_id, reference_period, method, facility_id, flow_id
