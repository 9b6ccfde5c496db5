-- One row per reference period, bridge line and subject: from the inventory to the products.
-- Inventory plus bridge lines is what the products carry; what is left over is the residue.

{{ replace_periods() }}

with periods as (

    select * from {{ ref('stg_solved__periods') }}
    where
        {{ in_stale_periods('reference_period') }}
        and is_solved

),

period_months as (

    select * from {{ ref('int_period_months') }}
    where reference_period in (select periods.reference_period from periods)

),

emissions as (

    select * from {{ ref('int_period_emissions') }}
    where reference_period in (select periods.reference_period from periods)

),

demand as (

    select * from {{ ref('int_demand_emissions') }}
    where reference_period in (select periods.reference_period from periods)

),

requirements as (

    select * from {{ ref('stg_solved__requirements') }}

),

exchanges as (

    select * from {{ ref('int_system_exchanges') }}

),

operations as (

    select * from {{ ref('int_operation_emissions') }}
    where reference_period in (select periods.reference_period from periods)

),

exempted_activities as (

    select * from {{ ref('int_exempted_activities') }}

),

processes as (

    select * from {{ ref('stg_company__processes') }}

),

products as (

    select * from {{ ref('stg_company__products') }}

),

product_freight as (

    select
        distribution.reference_period,
        distribution.facility_id,
        distribution.process_id,
        distribution.flow_id as freight_flow_id,
        products.flow_id as product_flow_id,
        distribution.consolidation_share,
        {% for column in emission_columns() -%}
            sum(distribution.{{ column }}) as {{ column }},
        {% endfor -%}
        count(*) as line_count
    from {{ ref('int_distribution_emissions') }} as distribution
    inner join products
        on distribution.product_id = products.product_id
    where distribution.reference_period in (select periods.reference_period from periods)
    group by
        distribution.reference_period,
        distribution.facility_id,
        distribution.process_id,
        distribution.flow_id,
        products.flow_id,
        distribution.consolidation_share

),

gwp as (

    select max(gwp_set) as gwp_set from {{ ref('int_gwp') }}

),

inventory as (

    select
        reference_period,
        'inventory' as bridge_line,
        facility_id,
        '' as process_id,
        '' as flow_id,
        cast(null as double) as quantity,
        cast(null as string) as unit_code,
        {% for column in emission_columns() -%}
            sum({{ column }}) as {{ column }},
        {% endfor -%}
        'facility_inventory: facility_id, inventory_year, status = reported' as followed_by
    from emissions
    group by reference_period, facility_id

),

outside_product_boundary as (

    select
        reference_period,
        'outside_product_boundary' as bridge_line,
        facility_id,
        process_id,
        flow_id,
        cast(null as double) as quantity,
        cast(null as string) as unit_code,
        {% for column in emission_columns() -%}
            -sum({{ column }}) as {{ column }},
        {% endfor -%}
        'emissions_by_process: process_id, period_month, ghg_category' as followed_by
    from emissions
    where not in_product_boundary
    group by reference_period, facility_id, process_id, flow_id

),

freight_of_products as (

    select
        reference_period,
        facility_id,
        process_id,
        freight_flow_id as flow_id,
        {% for column in emission_columns() -%}
            sum({{ column }}) as {{ column }},
        {% endfor -%}
        count(*) as product_count
    from product_freight
    group by reference_period, facility_id, process_id, freight_flow_id

),

outside_the_system as (

    select
        reference_period,
        facility_id,
        process_id,
        flow_id,
        {% for column in emission_columns() -%}
            sum({{ column }}) as {{ column }},
        {% endfor -%}
        count(*) as line_count
    from emissions
    where
        in_product_boundary
        and process_type = 'non_product'
    group by reference_period, facility_id, process_id, flow_id

),

-- freight to customers belongs to the products it carried, whoever booked it
non_product_processes as (

    select
        outside_the_system.reference_period,
        'non_product_processes' as bridge_line,
        outside_the_system.facility_id,
        outside_the_system.process_id,
        outside_the_system.flow_id,
        cast(null as double) as quantity,
        cast(null as string) as unit_code,
        {% for column in emission_columns() -%}
            -(
                outside_the_system.{{ column }}
                - coalesce(freight_of_products.{{ column }}, 0.0)
            ) as {{ column }},
        {% endfor -%}
        'emissions_by_process: process_id, period_month, ghg_category' as followed_by
    from outside_the_system
    left join freight_of_products
        on
            outside_the_system.reference_period = freight_of_products.reference_period
            and outside_the_system.process_id = freight_of_products.process_id
            and outside_the_system.flow_id = freight_of_products.flow_id
    where
        freight_of_products.flow_id is null
        -- a freight that is the products' in full has no row
        {% for column in emission_columns() -%}
            or abs(outside_the_system.{{ column }} - freight_of_products.{{ column }})
            > 1e-9 * abs(outside_the_system.{{ column }})
        {% endfor %}

),

-- without a factor there are no kilograms: neither in the inventory nor in the products
exempted as (

    select
        period_months.reference_period,
        'exempted' as bridge_line,
        processes.facility_id,
        exempted_activities.process_id,
        exempted_activities.flow_id,
        sum(exempted_activities.quantity) as quantity,
        exempted_activities.unit_code,
        {% for column in emission_columns() -%}
            0.0 as {{ column }},
        {% endfor -%}
        'quality_results: rule_id = flow_exempted, flow_id, process_id' as followed_by
    from exempted_activities
    inner join period_months
        on exempted_activities.period_month = period_months.period_month
    inner join processes
        on exempted_activities.process_id = processes.process_id
    group by
        period_months.reference_period,
        processes.facility_id,
        exempted_activities.process_id,
        exempted_activities.flow_id,
        exempted_activities.unit_code

),

made as (

    select distinct
        period_months.reference_period,
        exchanges.process_id
    from exchanges
    inner join period_months
        on exchanges.period_month = period_months.period_month
    where
        exchanges.direction = 'output'
        and exchanges.flow_kind in ('product', 'intermediate', 'utility')
        and exchanges.quantity > 0.0

),

required as (

    select distinct
        requirements.reference_period,
        requirements.process_id
    from requirements
    inner join demand
        on
            requirements.reference_period = demand.reference_period
            and requirements.flow_id = demand.flow_id
            and requirements.facility_id = demand.facility_id
    -- what stock needs of an earlier period says nothing of this one
    where requirements.operation_period = requirements.reference_period

),

-- made nothing, and nobody needed it: a process that made something and is still not needed
-- would be an error of the solve, and shows in the residue
without_output as (

    select
        operations.reference_period,
        'process_without_output' as bridge_line,
        operations.facility_id,
        operations.process_id,
        '' as flow_id,
        cast(null as double) as quantity,
        cast(null as string) as unit_code,
        {% for column in emission_columns() -%}
            -operations.{{ column }} as {{ column }},
        {% endfor -%}
        'emissions_by_process: process_id, period_month' as followed_by
    from operations
    left join made
        on
            operations.reference_period = made.reference_period
            and operations.process_id = made.process_id
    left join required
        on
            operations.reference_period = required.reference_period
            and operations.process_id = required.process_id
    where
        made.process_id is null
        and required.process_id is null
        -- what is stated of stock stands in no inventory
        and operations.process_id in (select processes.process_id from processes)

),

other_demand as (

    select
        reference_period,
        case
            when demand_kind = 'non_product_use' then 'supplied_to_non_product'
            else demand_kind
        end as bridge_line,
        facility_id,
        '' as process_id,
        flow_id,
        quantity,
        unit_code,
        {% for column in emission_columns() -%}
            -{{ column }} as {{ column }},
        {% endfor -%}
        'flow_intensities: flow_id, facility_id; times quantity' as followed_by
    from demand
    where demand_kind <> 'delivery'

),

-- a footprint is that of the whole site, the inventory is the company's share of it
outside_consolidation as (

    select
        reference_period,
        'outside_consolidation' as bridge_line,
        facility_id,
        '' as process_id,
        flow_id,
        quantity,
        unit_code,
        {% for column in emission_columns() -%}
            others_{{ column }} as {{ column }},
        {% endfor -%}
        'facilities.csv: consolidation_share' as followed_by
    from demand
    where
        demand_kind = 'delivery'
        and (others_location_based_kgco2e <> 0.0 or others_market_based_kgco2e <> 0.0)

),

freight_outside_consolidation as (

    select
        reference_period,
        'outside_consolidation' as bridge_line,
        facility_id,
        process_id,
        product_flow_id as flow_id,
        cast(null as double) as quantity,
        cast(null as string) as unit_code,
        {% for column in emission_columns() -%}
            sum({{ column }} * (1.0 / nullif(consolidation_share, 0.0) - 1.0)) as {{ column }},
        {% endfor -%}
        'facilities.csv: consolidation_share' as followed_by
    from product_freight
    where consolidation_share <> 1.0
    group by reference_period, facility_id, process_id, product_flow_id

),

products_at_the_gate as (

    select
        reference_period,
        'products' as bridge_line,
        facility_id,
        '' as process_id,
        flow_id,
        quantity,
        unit_code,
        {% for column in emission_columns() -%}
            {{ column }} + others_{{ column }} as {{ column }},
        {% endfor -%}
        'emissions_by_product and product_contributions: product_id; times delivered quantity'
            as followed_by
    from demand
    where demand_kind = 'delivery'

),

products_on_the_road as (

    select
        reference_period,
        'products' as bridge_line,
        facility_id,
        process_id,
        product_flow_id as flow_id,
        cast(null as double) as quantity,
        cast(null as string) as unit_code,
        {% for column in emission_columns() -%}
            sum({{ column }} / nullif(consolidation_share, 0.0)) as {{ column }},
        {% endfor -%}
        'emissions_by_product: product_id, stage distribution; times delivered quantity'
            as followed_by
    from product_freight
    group by reference_period, facility_id, process_id, product_flow_id

),

rows_of_the_bridge as (

    select * from inventory
    union all
    select * from outside_product_boundary
    union all
    select * from non_product_processes
    union all
    select * from exempted
    union all
    select * from without_output
    union all
    select * from other_demand
    union all
    select * from outside_consolidation
    union all
    select * from freight_outside_consolidation
    union all
    select * from products_at_the_gate
    union all
    select * from products_on_the_road

),

residue as (

    select
        reference_period,
        'residue' as bridge_line,
        '' as facility_id,
        '' as process_id,
        '' as flow_id,
        cast(null as double) as quantity,
        cast(null as string) as unit_code,
        {% for column in emission_columns() -%}
            sum(
                case
                    when bridge_line = 'products' then -coalesce({{ column }}, 0.0)
                    else coalesce({{ column }}, 0.0)
                end
            ) as {{ column }},
        {% endfor -%}
        'reconciliation: reference_period' as followed_by
    from rows_of_the_bridge
    group by reference_period

),

all_rows as (

    select * from rows_of_the_bridge
    union all
    select * from residue

)

select
    all_rows.reference_period,
    periods.period_type,
    all_rows.bridge_line,
    all_rows.facility_id,
    all_rows.process_id,
    all_rows.flow_id,
    all_rows.quantity,
    all_rows.unit_code,
    {% for column in emission_columns() -%}
        coalesce(all_rows.{{ column }}, 0.0) as {{ column }},
    {% endfor -%}
    gwp.gwp_set,
    all_rows.followed_by,
    cast(
        case all_rows.bridge_line
            when 'inventory' then 10
            when 'outside_product_boundary' then 20
            when 'non_product_processes' then 30
            when 'exempted' then 40
            when 'process_without_output' then 50
            when 'not_taken' then 60
            when 'supplied_to_non_product' then 70
            when 'stock_change' then 80
            when 'not_solved' then 85
            when 'outside_consolidation' then 90
            when 'products' then 100
            else 110
        end as integer
    ) as sort_order
from all_rows
inner join periods
    on all_rows.reference_period = periods.reference_period
cross join gwp
