-- A month in which nothing is in force any more has no rows: an engine that replaces the months it
-- has new rows of keeps an emptied one. Which factor holds in a month is worked out for each month
-- that was ever built.

{{ config(meta={'dagster': {'ref': {'name': 'emissions_by_process'}}}) }}

{{ rows_left_behind(
    [
        'int_activity_totals',
        'int_check_totals',
        'int_emissions',
        'int_emission_quality',
        'int_exempted_activities',
        'int_mass_exchanges',
        'int_system_exchanges',
        'int_distribution',
        'emissions_by_process',
        'emissions_by_stage',
        'emission_lines',
    ],
    'period_month',
    'select period_month from ' ~ ref('stg_control__in_force')
) }}
union all
{{ rows_left_behind(
    ['int_factor_mix', 'int_factor_choices'],
    'period_month',
    'select period_month from ' ~ ref('stg_control__build_months')
) }}
