-- One row per year, process, flow, direction and component: what it emits, where it stands among
-- all lines, and how much less it could be by its own best months or by a benchmark.

with lines as (

    select
        facility_id,
        process_id,
        flow_id,
        direction,
        component,
        cast(extract(year from period_month) as integer) as inventory_year,
        max(ghg_scope) as ghg_scope,
        max(ghg_category) as ghg_category,
        count(distinct period_month) as month_count,
        max(unit_code) as unit_code,
        sum(quantity) as quantity,
        sum(location_based_kgco2e) as location_based_kgco2e,
        sum(market_based_kgco2e) as market_based_kgco2e
    from {{ ref('emission_lines') }}
    group by
        facility_id,
        process_id,
        flow_id,
        direction,
        component,
        extract(year from period_month)

),

practice as (

    select * from {{ ref('int_own_practice') }}

),

mass_units as (

    select * from {{ ref('mass_units') }}

),

prices as (

    select * from {{ ref('stg_reduction__prices') }}

),

benchmarks as (

    select
        stated.process_id,
        stated.flow_id,
        stated.valid_from,
        stated.valid_to,
        stated.source_id,
        stated.source_locator,
        case
            when mass_units.unit_code is null then split_part(stated.unit_text, '/', -1)
            else 'kg'
        end as output_unit_code,
        stated.specific_quantity / coalesce(mass_units.kg_per_unit, 1.0) as specific_quantity
    from {{ ref('stg_company__benchmarks') }} as stated
    left join mass_units
        on split_part(stated.unit_text, '/', -1) = mass_units.unit_code

),

-- money belongs to the quantity, whatever components it emits by: it stands on the first of them
placed as (

    select
        lines.*,
        row_number() over (
            partition by
                lines.inventory_year, lines.process_id, lines.flow_id, lines.direction
            order by lines.component
        ) as place_of_component,
        practice.output_unit_code,
        practice.output_correlation,
        practice.normal_month_count,
        practice.normal_load_output,
        practice.normal_load_quantity / nullif(practice.normal_load_output, 0.0)
            as specific_quantity,
        practice.best_specific_quantity,
        benchmarks.specific_quantity as benchmark_specific_quantity,
        benchmarks.source_id as benchmark_source_id,
        benchmarks.source_locator as benchmark_source_locator,
        prices.price_per_unit,
        prices.currency,
        case
            when practice.process_id is null then 'no_output'
            when lines.location_based_kgco2e / nullif(lines.quantity, 0.0) < 0.0 then 'credit'
            else practice.potential_status
        end as potential_status
    from lines
    left join practice
        on
            lines.inventory_year = practice.inventory_year
            and lines.process_id = practice.process_id
            and lines.flow_id = practice.flow_id
            and lines.direction = practice.direction
    left join benchmarks
        on
            lines.process_id = benchmarks.process_id
            and lines.flow_id = benchmarks.flow_id
            and lines.direction = 'input'
            and practice.output_unit_code = benchmarks.output_unit_code
            and lines.inventory_year >= coalesce(extract(year from benchmarks.valid_from), 0)
            and lines.inventory_year < coalesce(extract(year from benchmarks.valid_to), 9999)
    left join prices
        on
            lines.facility_id = prices.facility_id
            and lines.flow_id = prices.flow_id

),

with_potentials as (

    select
        *,
        case
            when potential_status = 'shown'
                then greatest(
                    (specific_quantity - best_specific_quantity) * normal_load_output, 0.0
                )
        end as own_potential_quantity,
        -- without a benchmark there is no potential against it; greatest() would make it 0
        case
            when
                potential_status in ('shown', 'too_few_months')
                and benchmark_specific_quantity is not null
                then greatest(
                    (specific_quantity - benchmark_specific_quantity) * normal_load_output, 0.0
                )
        end as benchmark_potential_quantity
    from placed

)

select
    inventory_year,
    facility_id,
    process_id,
    flow_id,
    direction,
    component,
    cast(ghg_scope as integer) as ghg_scope,
    ghg_category,
    cast(month_count as integer) as month_count,
    quantity,
    unit_code,
    {% for basis in ['location_based', 'market_based'] -%}
        {{ basis }}_kgco2e,
        {{ basis }}_kgco2e / nullif(sum({{ basis }}_kgco2e) over (partition by inventory_year), 0.0)
            as {{ basis }}_share,
        cast(row_number() over (
            partition by inventory_year
            order by {{ basis }}_kgco2e desc, process_id, flow_id, direction, component
        ) as integer) as {{ basis }}_rank,
        sum({{ basis }}_kgco2e) over (
            partition by inventory_year
            order by {{ basis }}_kgco2e desc, process_id, flow_id, direction, component
            rows between unbounded preceding and current row
        ) / nullif(sum({{ basis }}_kgco2e) over (partition by inventory_year), 0.0)
            as {{ basis }}_cumulative_share,
    {% endfor -%}
    output_unit_code,
    output_correlation,
    cast(normal_month_count as integer) as normal_month_count,
    normal_load_output as normal_load_output_quantity,
    specific_quantity,
    potential_status,
    best_specific_quantity,
    own_potential_quantity,
    own_potential_quantity * location_based_kgco2e / nullif(quantity, 0.0)
        as own_potential_location_based_kgco2e,
    own_potential_quantity * market_based_kgco2e / nullif(quantity, 0.0)
        as own_potential_market_based_kgco2e,
    benchmark_specific_quantity,
    benchmark_source_id,
    benchmark_source_locator,
    benchmark_potential_quantity,
    benchmark_potential_quantity * location_based_kgco2e / nullif(quantity, 0.0)
        as benchmark_potential_location_based_kgco2e,
    benchmark_potential_quantity * market_based_kgco2e / nullif(quantity, 0.0)
        as benchmark_potential_market_based_kgco2e,
    price_per_unit,
    currency,
    case when place_of_component = 1 then own_potential_quantity * price_per_unit end
        as own_potential_cost,
    case when place_of_component = 1 then benchmark_potential_quantity * price_per_unit end
        as benchmark_potential_cost
from with_potentials
