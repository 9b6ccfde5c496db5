-- One row per product, reference period, method, part of the formula and flow: what the method
-- adds to the cut-off footprint of one declared unit. The Circular Footprint Formula (method R28)
-- less cut-off, which is the formula with A = 1 and no credit:
--   input:        (1 - A) × R1 × (Ev × Qin - Er)
--   end of life:  (1 - A) × R2 × (ErecyclingEoL - E*v × Qout)
--   energy:       credit share × what the recovered energy displaces
-- A product that takes in several recycled flows shares its end of life between their lines by
-- mass. One that takes in none of them, but what they replace, shares it by the mass of that. One
-- that takes in neither has no such method.

{{ replace_periods() }}

{%- set columns = gas_columns() | list + ['location_based_kgco2e', 'market_based_kgco2e'] %}

with methods as (

    select * from {{ ref('stg_company__recycling_methods') }}
    where method <> 'cut_off'

),

inputs as (

    select
        *,
        sum(recycled_kg) over (partition by product_id, reference_period, method)
            as all_recycled_kg
    from {{ ref('int_recycled_inputs') }}
    where {{ in_stale_periods('reference_period') }}

),

factors as (

    select * from {{ ref('int_recycling_method_factors') }}

),

periods as (

    select distinct
        reference_period,
        first_month
    from {{ ref('int_product_periods') }}

),

scenario_rows as (

    select distinct
        product_id,
        reference_period,
        market,
        flow_id,
        market_share,
        kg_per_declared_unit
    from {{ ref('int_scenario_factors') }}
    where
        {{ in_stale_periods('reference_period') }}
        and treatment = 'recycling'

),

recycled_afterwards as (

    select
        product_id,
        reference_period,
        sum(market_share * kg_per_declared_unit) as to_recycling_kg
    from scenario_rows
    group by product_id, reference_period

),

energy_credits as (

    select
        product_id,
        reference_period,
        flow_id,
        {% for column in gas_columns() -%}
            sum({{ column }}) as {{ column }},
        {% endfor -%}
        sum(kgco2e) as location_based_kgco2e,
        sum(kgco2e) as market_based_kgco2e
    from {{ ref('int_scenario_emissions') }}
    where
        {{ in_stale_periods('reference_period') }}
        and treatment = 'energy_credit'
    group by product_id, reference_period, flow_id

),

lines as (

    select
        {% for column in columns -%}
            inputs.{{ column }} as recycled_{{ column }},
            virgin.{{ column }}_per_kg as virgin_{{ column }}_per_kg,
            -- recycling at the end of life is like that of the input unless a flow is named
            case
                when methods.recycling_eol_flow_id is null
                    then inputs.{{ column }} / nullif(inputs.recycled_kg, 0.0)
                else end_of_life.{{ column }}_per_kg
            end as end_of_life_{{ column }}_per_kg,
        {% endfor -%}
        inputs.product_id,
        inputs.reference_period,
        methods.method,
        inputs.facility_id,
        methods.recycled_flow_id,
        methods.virgin_flow_id,
        coalesce(methods.recycling_eol_flow_id, methods.recycled_flow_id)
            as recycling_eol_flow_id,
        1.0 - methods.allocation_factor_a as shared_out,
        methods.quality_in,
        methods.quality_out,
        methods.energy_credit_share,
        inputs.recycled_kg,
        case
            when inputs.all_recycled_kg > 0.0 then inputs.recycled_kg
            else inputs.virgin_kg
        end
        / sum(
            case
                when inputs.all_recycled_kg > 0.0 then inputs.recycled_kg
                else inputs.virgin_kg
            end
        ) over (
            partition by inputs.product_id, inputs.reference_period, methods.method
        ) as line_weight,
        coalesce(recycled_afterwards.to_recycling_kg, 0.0) as to_recycling_kg
    from inputs
    inner join periods
        on inputs.reference_period = periods.reference_period
    inner join methods
        on
            inputs.method = methods.method
            and inputs.flow_id = methods.recycled_flow_id
    left join recycled_afterwards
        on
            inputs.product_id = recycled_afterwards.product_id
            and inputs.reference_period = recycled_afterwards.reference_period
    left join factors as virgin
        on
            inputs.reference_period = virgin.reference_period
            and inputs.facility_id = virgin.facility_id
            and methods.method = virgin.method
            and methods.recycled_flow_id = virgin.recycled_flow_id
            and virgin.role = 'virgin'
    left join factors as end_of_life
        on
            inputs.reference_period = end_of_life.reference_period
            and inputs.facility_id = end_of_life.facility_id
            and methods.method = end_of_life.method
            and methods.recycled_flow_id = end_of_life.recycled_flow_id
            and end_of_life.role = 'recycling_at_end_of_life'
    where
        {{ valid_on('methods', 'periods.first_month') }}
        and (
            inputs.recycled_kg > 0.0
            or (
                inputs.all_recycled_kg = 0.0
                and inputs.virgin_kg > 0.0
                -- nothing of the product is recycled, so nothing is like it at its end of life
                and (
                    methods.recycling_eol_flow_id is not null
                    or recycled_afterwards.to_recycling_kg is null
                )
            )
        )

),

parts as (

    select
        {% for column in columns -%}
            shared_out * recycled_kg * quality_in * virgin_{{ column }}_per_kg
                as {{ column }},
        {% endfor -%}
        product_id,
        reference_period,
        method,
        'virgin_replaced' as component,
        virgin_flow_id as flow_id,
        'raw_material_acquisition' as life_cycle_stage
    from lines
    union all
    select
        {% for column in columns -%}
            -shared_out * recycled_{{ column }} as {{ column }},
        {% endfor -%}
        product_id,
        reference_period,
        method,
        'recycled_input' as component,
        recycled_flow_id as flow_id,
        'raw_material_acquisition' as life_cycle_stage
    from lines
    union all
    select
        {% for column in columns -%}
            shared_out * to_recycling_kg * line_weight * end_of_life_{{ column }}_per_kg
                as {{ column }},
        {% endfor -%}
        product_id,
        reference_period,
        method,
        'recycling_at_end_of_life' as component,
        recycling_eol_flow_id as flow_id,
        'disposal' as life_cycle_stage
    from lines
    union all
    select
        {% for column in columns -%}
            -shared_out * to_recycling_kg * line_weight * quality_out
            * virgin_{{ column }}_per_kg as {{ column }},
        {% endfor -%}
        product_id,
        reference_period,
        method,
        'virgin_displaced' as component,
        virgin_flow_id as flow_id,
        'disposal' as life_cycle_stage
    from lines
    union all
    select
        {% for column in columns -%}
            lines.energy_credit_share * lines.line_weight * energy_credits.{{ column }}
                as {{ column }},
        {% endfor -%}
        lines.product_id,
        lines.reference_period,
        lines.method,
        'energy_credit' as component,
        energy_credits.flow_id,
        'disposal' as life_cycle_stage
    from lines
    inner join energy_credits
        on
            lines.product_id = energy_credits.product_id
            and lines.reference_period = energy_credits.reference_period

)

select
    product_id,
    reference_period,
    method,
    component,
    flow_id,
    life_cycle_stage,
    {% for column in gas_columns() -%}
        sum({{ column }}) as {{ column }},
    {% endfor -%}
    sum(location_based_kgco2e) as location_based_kgco2e,
    sum(market_based_kgco2e) as market_based_kgco2e
from parts
group by product_id, reference_period, method, component, flow_id, life_cycle_stage
