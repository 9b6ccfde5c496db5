-- One row per process and month that makes a product with a claimed recycled content: recycled
-- material that went in, and that is claimed to have come out (method R31). Contents of own flows
-- are the solved ones, which regrind doesn't raise.

with exchanges as (

    select * from {{ ref('int_system_exchanges') }}
    where process_type in ('production', 'treatment')

),

mass as (

    select * from {{ ref('int_mass_exchanges') }}
    where process_type in ('production', 'treatment')

),

properties as (

    select * from {{ ref('stg_company__flow_properties') }}
    where property = 'recycled_content'

),

products as (

    select
        flow_id,
        max(recycled_content_claimed) as recycled_content_claimed
    from {{ ref('stg_company__products') }}
    group by flow_id

),

solved as (

    select
        period_months.period_month,
        contents.flow_id,
        contents.facility_id,
        contents.recycled_content
    from {{ ref('stg_solved__recycled_content') }} as contents
    inner join {{ ref('int_period_months') }} as period_months
        on contents.reference_period = period_months.reference_period
    where period_months.period_type = 'month'

),

made as (

    select
        period_month,
        flow_id,
        facility_id,
        sum(quantity) as quantity
    from exchanges
    where direction = 'output'
    group by period_month, flow_id, facility_id

),

-- what a site takes from others is a mix of what they made
company_contents as (

    select
        solved.period_month,
        solved.flow_id,
        case
            when count(*) = count(solved.recycled_content)
                then
                    sum(solved.recycled_content * made.quantity)
                    / nullif(sum(made.quantity), 0.0)
        end as recycled_content
    from solved
    inner join made
        on
            solved.period_month = made.period_month
            and solved.flow_id = made.flow_id
            and solved.facility_id = made.facility_id
    group by solved.period_month, solved.flow_id

),

contents as (

    select
        mass.period_month,
        mass.facility_id,
        mass.process_id,
        mass.flow_id,
        mass.flow_kind,
        mass.direction,
        mass.dry_kg,
        case
            when mass.flow_kind = 'material' then max(properties.property_value)
            when mass.direction = 'output'
                then
                    coalesce(
                        max(products.recycled_content_claimed),
                        max(solved.recycled_content)
                    )
            when max(made.quantity) is not null then max(solved.recycled_content)
            else max(company_contents.recycled_content)
        end as recycled_content
    from mass
    left join properties
        on
            mass.flow_id = properties.flow_id
            and {{ valid_on('properties', 'mass.period_month') }}
    left join products
        on
            mass.flow_id = products.flow_id
            and mass.flow_kind = 'product'
    left join solved
        on
            mass.period_month = solved.period_month
            and mass.flow_id = solved.flow_id
            and mass.facility_id = solved.facility_id
    left join made
        on
            mass.period_month = made.period_month
            and mass.flow_id = made.flow_id
            and mass.facility_id = made.facility_id
    left join company_contents
        on
            mass.period_month = company_contents.period_month
            and mass.flow_id = company_contents.flow_id
    where mass.flow_kind in ('material', 'intermediate', 'product')
    group by
        mass.period_month,
        mass.facility_id,
        mass.process_id,
        mass.flow_id,
        mass.flow_kind,
        mass.direction,
        mass.dry_kg

),

processes as (

    select distinct
        exchanges.period_month,
        exchanges.facility_id,
        exchanges.process_id
    from exchanges
    inner join products
        on exchanges.flow_id = products.flow_id
    where
        exchanges.direction = 'output'
        and products.recycled_content_claimed is not null

),

sums as (

    select
        period_month,
        process_id,
        sum(case when direction = 'input' then dry_kg * recycled_content else 0.0 end)
            as input_kg,
        sum(case when direction = 'output' then dry_kg * recycled_content else 0.0 end)
            as output_kg,
        min(case when dry_kg is null then flow_id end) as flow_without_mass,
        min(case when dry_kg <> 0.0 and recycled_content is null then flow_id end)
            as flow_without_content
    from contents
    group by period_month, process_id

),

solved_months as (

    select distinct period_month
    from {{ ref('int_period_months') }}
    where
        period_type = 'month'
        and is_solved

)

select
    'recycled' as balance,
    'recycled_balance' as rule_id,
    processes.facility_id,
    processes.process_id,
    '' as flow_id,
    processes.period_month,
    'kg' as unit_code,
    sums.input_kg as input_quantity,
    sums.output_kg as output_quantity,
    0.0 as stock_change_quantity,
    true as is_one_sided,
    case
        when solved_months.period_month is null then 'period_not_solved'
        when sums.flow_without_mass is not null then 'mass_not_known'
        when sums.flow_without_content is not null then 'recycled_content_not_known'
    end as reason,
    coalesce(sums.flow_without_mass, sums.flow_without_content) as reason_flow_id
from processes
left join sums
    on
        processes.process_id = sums.process_id
        and processes.period_month = sums.period_month
left join solved_months
    on processes.period_month = solved_months.period_month
