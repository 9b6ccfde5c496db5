-- One row per reference period and month with data that belongs to it.

{{ config(materialized='table') }}

with periods as (

    select * from {{ ref('stg_solved__periods') }}

),

months as (

    select * from {{ ref('stg_control__build_months') }}

)

select
    periods.reference_period,
    periods.period_type,
    periods.is_solved,
    periods.first_month,
    periods.month_count,
    months.period_month
from periods
inner join months
    on months.period_month between periods.first_month and periods.last_month
