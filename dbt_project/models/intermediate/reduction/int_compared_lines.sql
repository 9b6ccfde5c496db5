-- One row per pair of periods, process, flow, direction and component: the emission line of both,
-- with the outputs of process and site that its quantities served.

with lines as (

    select * from {{ ref('emission_lines') }}

),

periods as (

    select * from {{ ref('int_compared_periods') }}

),

-- a month in which a process did not use the flow has an output all the same
process_months as (

    select
        process_id,
        period_month,
        max(output_quantity) as output_quantity,
        max(output_unit_code) as output_unit_code
    from lines
    group by process_id, period_month

),

site_months as (

    select
        facility_id,
        period_month,
        max(site_output_kg) as site_output_kg
    from lines
    group by facility_id, period_month

),

made as (

    select
        periods.comparison,
        periods.older_period,
        periods.newer_period,
        process_months.process_id,
        sum(case when periods.side = 'older' then process_months.output_quantity end)
            as older_output,
        sum(case when periods.side = 'newer' then process_months.output_quantity end)
            as newer_output,
        min(process_months.output_unit_code) as output_unit_code,
        max(process_months.output_unit_code) as last_output_unit_code
    from periods
    inner join process_months
        on periods.period_month = process_months.period_month
    group by
        periods.comparison,
        periods.older_period,
        periods.newer_period,
        process_months.process_id

),

sites as (

    select
        periods.comparison,
        periods.older_period,
        periods.newer_period,
        site_months.facility_id,
        sum(case when periods.side = 'older' then site_months.site_output_kg end)
            as older_site_output_kg,
        sum(case when periods.side = 'newer' then site_months.site_output_kg end)
            as newer_site_output_kg,
        count(distinct periods.side) as side_count
    from periods
    inner join site_months
        on periods.period_month = site_months.period_month
    group by
        periods.comparison,
        periods.older_period,
        periods.newer_period,
        site_months.facility_id

),

summed as (

    select
        periods.comparison,
        periods.older_period,
        periods.newer_period,
        periods.month_count,
        lines.facility_id,
        lines.process_id,
        lines.flow_id,
        lines.direction,
        lines.component,
        max(lines.ghg_scope) as ghg_scope,
        max(lines.ghg_category) as ghg_category,
        {% for side in ['older', 'newer'] -%}
            count(case when periods.side = '{{ side }}' then 1 end) as {{ side }}_count,
            sum(case when periods.side = '{{ side }}' then lines.quantity else 0.0 end)
                as {{ side }}_quantity,
            min(case when periods.side = '{{ side }}' then lines.factor_origin end)
                as {{ side }}_origin,
            max(case when periods.side = '{{ side }}' then lines.factor_origin end)
                as {{ side }}_last_origin,
            sum(
                case when periods.side = '{{ side }}' then lines.location_based_kgco2e else 0.0 end
            ) as {{ side }}_location_based_kgco2e,
            sum(case when periods.side = '{{ side }}' then lines.market_based_kgco2e else 0.0 end)
                as {{ side }}_market_based_kgco2e,
        {% endfor -%}
        max(lines.unit_code) as unit_code
    from periods
    inner join lines
        on periods.period_month = lines.period_month
    group by
        periods.comparison,
        periods.older_period,
        periods.newer_period,
        periods.month_count,
        lines.facility_id,
        lines.process_id,
        lines.flow_id,
        lines.direction,
        lines.component

)

select
    summed.*,
    coalesce(
        summed.older_origin <> summed.newer_origin
        or summed.older_last_origin <> summed.newer_last_origin,
        false
    ) as is_of_another_method,
    sites.side_count = 1 as is_of_a_site_in_one_period,
    case
        when
            made.output_unit_code = made.last_output_unit_code
            and made.older_output > 0.0
            and made.newer_output > 0.0
            then made.older_output
    end as older_output,
    case
        when
            made.output_unit_code = made.last_output_unit_code
            and made.older_output > 0.0
            and made.newer_output > 0.0
            then made.newer_output
    end as newer_output,
    case
        when sites.older_site_output_kg > 0.0 and sites.newer_site_output_kg > 0.0
            then {{ ratio('sites.newer_site_output_kg', 'sites.older_site_output_kg') }}
    end as site_output_ratio
from summed
inner join sites
    on
        summed.comparison = sites.comparison
        and summed.older_period = sites.older_period
        and summed.newer_period = sites.newer_period
        and summed.facility_id = sites.facility_id
inner join made
    on
        summed.comparison = made.comparison
        and summed.older_period = made.older_period
        and summed.newer_period = made.newer_period
        and summed.process_id = made.process_id
