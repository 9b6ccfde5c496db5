-- One row per product, reference period, process and period of its operation: what one declared
-- unit needs of it.

{{ replace_periods() }}

with product_periods as (

    select * from {{ ref('int_product_periods') }}
    where {{ in_stale_periods('reference_period') }}

),

requirements as (

    select * from {{ ref('stg_solved__requirements') }}
    where {{ in_stale_periods('reference_period') }}

),

facilities as (

    select * from {{ ref('stg_company__facilities') }}

),

processes as (

    select
        process_id,
        facility_id
    from {{ ref('stg_company__processes') }}
    union all
    select distinct
        process_id,
        facility_id
    from {{ ref('stg_solved__opening_stocks') }}

)

{{ requirements_of_products() }}
