-- One row per product, reference period, recycling method, process that takes in what the method
-- names as recycled, and period of its operation: what one declared unit needs of it at the point
-- of substitution.

{{ replace_periods() }}

with product_periods as (

    select * from {{ ref('int_product_periods') }}
    where {{ in_stale_periods('reference_period') }}

),

requirements as (

    select * from {{ ref('stg_solved__recycled_requirements') }}

),

processes as (

    select * from {{ ref('stg_company__processes') }}

),

facilities as (

    select * from {{ ref('stg_company__facilities') }}

)

{{ requirements_of_products(also_by=['method']) }}
