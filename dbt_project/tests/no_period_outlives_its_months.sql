-- A reference period that isn't solved any more has no rows, nor a month in which nothing is in
-- force.

{{ config(meta={'dagster': {'ref': {'name': 'product_contributions'}}}) }}

{{ rows_left_behind(
    [
        'int_period_emissions',
        'int_period_quality',
        'int_recycled_inputs',
        'int_recycled_requirements',
        'int_recycling_method_factors',
        'int_recycling_adjustments',
        'int_product_requirements',
        'int_product_periods',
        'int_operation_emissions',
        'int_scenario_factors',
        'int_distribution_emissions',
        'int_demand_emissions',
        'int_market_intensities',
        'system_links',
        'co_product_allocation',
        'flow_intensities',
        'product_coefficients',
        'product_contributions',
        'emissions_by_product',
        'product_properties',
        'product_data_quality',
        'exemptions',
        'reconciliation',
    ],
    'reference_period',
    'select reference_period from ' ~ ref('stg_solved__periods')
) }}
union all
{{ rows_left_behind(
    ['process_balances'],
    'period_month',
    'select period_month from ' ~ ref('stg_control__in_force')
) }}
