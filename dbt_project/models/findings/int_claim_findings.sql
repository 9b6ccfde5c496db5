-- One row per reference period and product whose claimed recycled content is above the solved one,
-- or whose solved one nobody can know.

with products as (

    select * from {{ ref('stg_company__products') }}
    where recycled_content_claimed is not null

),

solved as (

    select * from {{ ref('stg_solved__recycled_content') }}

),

periods as (

    select * from {{ ref('stg_solved__periods') }}

),

tolerances as (

    select
        flow_id,
        min(case when rule_id = 'recycled_content_claim' then tolerance_share end)
            as tolerance_share,
        min(case when rule_id = 'recycled_content_claim_critical' then tolerance_share end)
            as critical_tolerance_share
    from {{ ref('int_tolerances') }}
    where
        is_default = 0
        and rule_id in ('recycled_content_claim', 'recycled_content_claim_critical')
    group by flow_id

),

compared as (

    select
        solved.reference_period,
        periods.first_month as period_month,
        solved.facility_id,
        products.product_id,
        products.flow_id,
        products.recycled_content_claimed,
        solved.recycled_content,
        coalesce(of_flow.tolerance_share, of_rule.tolerance_share, defaults.tolerance_share)
            as tolerance_share,
        coalesce(of_flow.critical_tolerance_share, of_rule.critical_tolerance_share)
            as critical_tolerance_share
    from products
    inner join solved
        on
            products.flow_id = solved.flow_id
            and (products.facility_id is null or products.facility_id = solved.facility_id)
    inner join periods
        on solved.reference_period = periods.reference_period
    left join tolerances as of_flow
        on products.flow_id = of_flow.flow_id
    left join tolerances as of_rule
        on of_rule.flow_id is null
    left join {{ ref('int_tolerances') }} as defaults
        on
            defaults.is_default = 1
            and defaults.rule_id = 'recycled_content_claim'

)

select
    reference_period,
    period_month,
    facility_id,
    product_id,
    flow_id,
    recycled_content_claimed,
    recycled_content,
    tolerance_share,
    case
        when recycled_content is null then 'warning'
        when recycled_content_claimed - recycled_content > critical_tolerance_share + 1e-9
            then 'critical'
        when tolerance_share is null then 'info'
        else 'warning'
    end as severity
from compared
where
    recycled_content is null
    -- the last digits of a sum are no deviation
    or recycled_content_claimed - recycled_content
    > coalesce(tolerance_share, critical_tolerance_share, 0.0) + 1e-9
