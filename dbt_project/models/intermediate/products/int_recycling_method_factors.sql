-- One row per reference period, method, recycled flow, site where it enters, and role of another
-- flow in the formula: what one kilogram of the virgin flow, and of recycling at the end of life,
-- carries there. Own flows carry their solved intensity, mixed over the sites that make them;
-- others the factor that the site would use, valid on the first day of the period.

{{ replace_periods() }}

with periods as (

    select distinct
        reference_period,
        first_month
    from {{ ref('int_product_periods') }}
    where {{ in_stale_periods('reference_period') }}

),

methods as (

    select * from {{ ref('stg_company__recycling_methods') }}
    where method <> 'cut_off'

),

inputs as (

    select distinct
        reference_period,
        method,
        facility_id,
        flow_id
    from {{ ref('int_recycled_inputs') }}
    where {{ in_stale_periods('reference_period') }}

),

choices as (

    select * from {{ ref('int_factor_choices') }}
    where supplier_key = ''

),

intensities as (

    select * from {{ ref('int_market_intensities') }}

),

months as (

    select * from {{ ref('int_period_months') }}
    where {{ in_stale_periods('reference_period') }}

),

exchanges as (

    select * from {{ ref('int_system_exchanges') }}
    where process_type <> 'non_product' and direction = 'output'

),

flows as (

    select * from {{ ref('stg_company__flows') }}

),

mass_units as (

    select * from {{ ref('mass_units') }}

),

made as (

    select
        months.reference_period,
        exchanges.flow_id,
        exchanges.facility_id,
        sum(exchanges.quantity) as quantity
    from exchanges
    inner join months
        on exchanges.period_month = months.period_month
    group by months.reference_period, exchanges.flow_id, exchanges.facility_id

),

own as (

    select
        intensities.reference_period,
        intensities.flow_id,
        {% for column in gas_columns() -%}
            sum(made.quantity * intensities.{{ column }}_per_kg)
            / sum(made.quantity) as {{ column }}_per_kg,
        {% endfor -%}
        sum(made.quantity * intensities.location_based_kgco2e_per_kg)
        / sum(made.quantity) as location_based_kgco2e_per_kg,
        sum(made.quantity * intensities.market_based_kgco2e_per_kg)
        / sum(made.quantity) as market_based_kgco2e_per_kg
    from intensities
    inner join made
        on
            intensities.reference_period = made.reference_period
            and intensities.flow_id = made.flow_id
            and intensities.facility_id = made.facility_id
    where made.quantity > 0.0
    group by intensities.reference_period, intensities.flow_id

),

stated as (

    select
        choices.period_month,
        choices.facility_id,
        choices.flow_id,
        {% for column in gas_columns() -%}
            sum(choices.{{ column }}_per_unit) / max(mass_units.kg_per_unit)
                as {{ column }}_per_kg,
        {% endfor -%}
        sum(choices.location_based_kgco2e_per_unit) / max(mass_units.kg_per_unit)
            as location_based_kgco2e_per_kg,
        sum(choices.market_based_kgco2e_per_unit) / max(mass_units.kg_per_unit)
            as market_based_kgco2e_per_kg
    from choices
    inner join flows
        on choices.flow_id = flows.flow_id
    left join mass_units
        on flows.unit_code = mass_units.unit_code
    group by choices.period_month, choices.facility_id, choices.flow_id

),

wanted as (

    select
        inputs.reference_period,
        periods.first_month,
        methods.method,
        methods.recycled_flow_id,
        inputs.facility_id,
        'virgin' as role,
        methods.virgin_flow_id as flow_id
    from inputs
    inner join periods
        on inputs.reference_period = periods.reference_period
    inner join methods
        on
            inputs.method = methods.method
            and inputs.flow_id = methods.recycled_flow_id
    where
        {{ valid_on('methods', 'periods.first_month') }}
    union all
    select
        inputs.reference_period,
        periods.first_month,
        methods.method,
        methods.recycled_flow_id,
        inputs.facility_id,
        'recycling_at_end_of_life' as role,
        methods.recycling_eol_flow_id as flow_id
    from inputs
    inner join periods
        on inputs.reference_period = periods.reference_period
    inner join methods
        on
            inputs.method = methods.method
            and inputs.flow_id = methods.recycled_flow_id
    where
        methods.recycling_eol_flow_id is not null
        and {{ valid_on('methods', 'periods.first_month') }}

)

select
    wanted.reference_period,
    wanted.method,
    wanted.recycled_flow_id,
    wanted.facility_id,
    wanted.role,
    wanted.flow_id,
    {% for column in gas_columns() -%}
        coalesce(own.{{ column }}_per_kg, stated.{{ column }}_per_kg) as {{ column }}_per_kg,
    {% endfor -%}
    coalesce(own.location_based_kgco2e_per_kg, stated.location_based_kgco2e_per_kg)
        as location_based_kgco2e_per_kg,
    coalesce(own.market_based_kgco2e_per_kg, stated.market_based_kgco2e_per_kg)
        as market_based_kgco2e_per_kg
from wanted
left join own
    on
        wanted.reference_period = own.reference_period
        and wanted.flow_id = own.flow_id
left join stated
    on
        wanted.first_month = stated.period_month
        and wanted.facility_id = stated.facility_id
        and wanted.flow_id = stated.flow_id
