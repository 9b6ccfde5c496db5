-- One row per year, process, flow and direction with an output: what the process takes per unit of
-- it at normal load, and what it took in its best months of this year and the one before.

with months as (

    select distinct
        facility_id,
        process_id,
        flow_id,
        direction,
        period_month,
        cast(extract(year from period_month) as integer) as month_year,
        quantity,
        output_quantity,
        output_unit_code
    from {{ ref('emission_lines') }}
    where output_quantity > 0.0

),

years as (

    select distinct month_year as inventory_year
    from months

),

seen as (

    select
        years.inventory_year,
        months.*
    from years
    inner join months
        on months.month_year between years.inventory_year - 1 and years.inventory_year

),

usual as (

    select
        inventory_year,
        process_id,
        flow_id,
        direction,
        output_unit_code,
        count(*) as seen_month_count,
        -- what never varies is in step with nothing
        case
            when min(quantity) < max(quantity) and min(output_quantity) < max(output_quantity)
                then corr(quantity, output_quantity)
        end as output_correlation,
        percentile_cont(0.5) within group (order by output_quantity) as median_output
    from seen
    group by inventory_year, process_id, flow_id, direction, output_unit_code

),

-- normal load: at least four fifths of the median, so that base load weighs as it usually does
at_normal_load as (

    select
        seen.*,
        usual.seen_month_count,
        usual.output_correlation,
        count(*) over (
            partition by seen.inventory_year, seen.process_id, seen.flow_id, seen.direction
        ) as normal_month_count,
        row_number() over (
            partition by seen.inventory_year, seen.process_id, seen.flow_id, seen.direction
            order by seen.quantity / seen.output_quantity, seen.period_month
        ) as place
    from seen
    inner join usual
        on
            seen.inventory_year = usual.inventory_year
            and seen.process_id = usual.process_id
            and seen.flow_id = usual.flow_id
            and seen.direction = usual.direction
            and seen.output_unit_code = usual.output_unit_code
    where seen.output_quantity >= 0.8 * usual.median_output

),

summed as (

    select
        inventory_year,
        facility_id,
        process_id,
        flow_id,
        direction,
        output_unit_code,
        max(seen_month_count) as seen_month_count,
        max(output_correlation) as output_correlation,
        max(normal_month_count) as normal_month_count,
        sum(case when month_year = inventory_year then quantity else 0.0 end)
            as normal_load_quantity,
        sum(case when month_year = inventory_year then output_quantity else 0.0 end)
            as normal_load_output,
        sum(case when place <= ceil(normal_month_count / 4.0) then quantity end) as best_quantity,
        sum(case when place <= ceil(normal_month_count / 4.0) then output_quantity end)
            as best_output
    from at_normal_load
    group by inventory_year, facility_id, process_id, flow_id, direction, output_unit_code

)

select
    inventory_year,
    facility_id,
    process_id,
    flow_id,
    direction,
    output_unit_code,
    normal_month_count,
    output_correlation,
    -- fewer months show no practice; output that explains less than half of the variance of a
    -- consumption isn't what it depends on
    case
        when normal_month_count < 6 then 'too_few_months'
        when coalesce(output_correlation, 0.0) < sqrt(0.5) then 'not_driven_by_output'
        else 'shown'
    end as potential_status,
    normal_load_quantity,
    normal_load_output,
    best_quantity / best_output as best_specific_quantity
from summed
