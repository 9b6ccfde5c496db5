-- One row per scope certificate, site and month: certified material in, times its yield, against
-- certified material out and in stock, and against what the site really took and made.
-- All masses as certified; what went out is put back to input by the yield of its product, so that
-- products of different yields share one pool.

with scopes as (

    select * from {{ ref('stg_company__scope_certificates') }}

),

certificates as (

    select
        scope_certificate,
        direction,
        facility_id,
        flow_id,
        certified_kg,
        cast({{ dbt.date_trunc('month', 'shipped_on') }} as date) as period_month
    from {{ ref('stg_company__transaction_certificates') }}

),

holders as (

    select
        scope_certificate,
        facility_id,
        max(standard) as standard,
        sum(opening_kg) as opening_kg,
        -- as much of it as may have been carried over as products, made before
        sum(opening_kg * yield_share) as opening_product_kg
    from scopes
    group by scope_certificate, facility_id

),

first_months as (

    select
        scope_certificate,
        facility_id,
        min(period_month) as first_month
    from certificates
    group by scope_certificate, facility_id

),

-- months with a certificate, and those collected from the first certificate on
months as (

    select
        scope_certificate,
        facility_id,
        period_month
    from certificates
    union
    select
        first_months.scope_certificate,
        first_months.facility_id,
        collected.period_month
    from first_months
    inner join {{ ref('stg_control__build_months') }} as collected
        on first_months.first_month <= collected.period_month

),

certified as (

    select
        certificates.scope_certificate,
        certificates.facility_id,
        certificates.period_month,
        sum(case when certificates.direction = 'in' then certificates.certified_kg else 0.0 end)
            as input_kg,
        sum(case when certificates.direction = 'out' then certificates.certified_kg else 0.0 end)
            as output_kg,
        sum(
            case
                when certificates.direction = 'out'
                    then certificates.certified_kg / scopes.yield_share
                else 0.0
            end
        ) as claimed_input_kg,
        sum(case when certificates.direction = 'stock' then certificates.certified_kg end)
            as stock_kg,
        -- stock of a product counts as the input it was made of, stock of an input as itself
        sum(
            case
                when certificates.direction = 'stock'
                    then certificates.certified_kg / coalesce(scopes.yield_share, 1.0)
            end
        ) as stock_as_input_kg
    from certificates
    left join scopes
        on
            certificates.scope_certificate = scopes.scope_certificate
            and certificates.facility_id = scopes.facility_id
            and certificates.flow_id = scopes.flow_id
    group by
        certificates.scope_certificate, certificates.facility_id, certificates.period_month

),

traded_flows as (

    select distinct
        scope_certificate,
        facility_id,
        flow_id,
        direction
    from certificates
    where direction in ('in', 'out')

),

moved as (

    select
        traded_flows.scope_certificate,
        mass.facility_id,
        mass.period_month,
        sum(case when mass.direction = 'input' then mass.quantity_kg else 0.0 end) as taken_kg,
        sum(case when mass.direction = 'output' then mass.quantity_kg else 0.0 end) as made_kg
    from {{ ref('int_mass_exchanges') }} as mass
    inner join traded_flows
        on
            mass.facility_id = traded_flows.facility_id
            and mass.flow_id = traded_flows.flow_id
            and mass.direction
            = case when traded_flows.direction = 'in' then 'input' else 'output' end
    group by traded_flows.scope_certificate, mass.facility_id, mass.period_month

),

tolerances as (

    select
        tolerance_share,
        row_number() over (order by is_default) as choice
    from {{ ref('int_tolerances') }}
    where rule_id = 'certified_volume' and source is null and flow_id is null

),

monthly as (

    select
        months.scope_certificate,
        months.facility_id,
        months.period_month,
        holders.standard,
        holders.opening_kg,
        holders.opening_product_kg,
        coalesce(certified.input_kg, 0.0) as input_kg,
        coalesce(certified.output_kg, 0.0) as output_kg,
        coalesce(certified.claimed_input_kg, 0.0) as claimed_input_kg,
        certified.stock_kg,
        certified.stock_as_input_kg,
        moved.taken_kg,
        moved.made_kg
    from months
    inner join holders
        on
            months.scope_certificate = holders.scope_certificate
            and months.facility_id = holders.facility_id
    left join certified
        on
            months.scope_certificate = certified.scope_certificate
            and months.facility_id = certified.facility_id
            and months.period_month = certified.period_month
    left join moved
        on
            months.scope_certificate = moved.scope_certificate
            and months.facility_id = moved.facility_id
            and months.period_month = moved.period_month

),

running as (

    select
        *,
        opening_kg + sum(input_kg) over so_far as available_kg,
        sum(claimed_input_kg) over so_far as claimed_so_far_kg,
        sum(output_kg) over so_far as output_so_far_kg,
        -- a month that nobody collected leaves open what the site took and made
        case
            when count(made_kg) over so_far = count(*) over so_far
                then sum(made_kg) over so_far
        end as made_so_far_kg
    from monthly
    window so_far as (
        partition by scope_certificate, facility_id
        order by period_month
        rows between unbounded preceding and current row
    )

),

balanced as (

    select
        running.*,
        tolerances.tolerance_share,
        running.available_kg
        - running.claimed_so_far_kg
        - coalesce(running.stock_as_input_kg, 0.0) as balance_kg
    from running
    left join tolerances
        on tolerances.choice = 1

)

select
    scope_certificate,
    standard,
    facility_id,
    period_month,
    input_kg,
    output_kg,
    stock_kg,
    claimed_input_kg,
    taken_kg,
    made_kg,
    available_kg,
    claimed_so_far_kg,
    balance_kg,
    output_so_far_kg,
    made_so_far_kg,
    balance_kg / nullif(available_kg, 0.0) as balance_share,
    tolerance_share,
    case
        when tolerance_share is null then 'not_judged'
        -- the last digits of a sum are no deviation
        when balance_kg < -(tolerance_share + 1e-9) * available_kg - 1e-6 then 'outside'
        when
            output_so_far_kg
            > opening_product_kg + made_so_far_kg * (1.0 + tolerance_share + 1e-9) + 1e-6
            then 'more_than_made'
        else 'within'
    end as status
from balanced
