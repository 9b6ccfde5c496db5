-- One row per target and year: the path to the target, what is emitted or forecast, and the gap.

with targets as (

    select * from {{ ref('stg_company__targets') }}

),

figures as (

    select * from {{ ref('int_target_values') }}

),

base_values as (

    select
        targets.target_id,
        figures.value as base_value,
        coalesce(figures.release, 'calculated') as base_value_from
    from targets
    inner join figures
        on
            targets.target_id = figures.target_id
            and targets.base_year = figures.inventory_year
    where not figures.is_forecast

),

-- the peak of all years, and of those up to the year by which it is to be reached
ranked as (

    select
        figures.target_id,
        figures.inventory_year,
        figures.value,
        row_number() over (
            partition by figures.target_id
            order by figures.value desc, figures.inventory_year asc
        ) as place,
        row_number() over (
            partition by figures.target_id, figures.inventory_year <= targets.target_year
            order by figures.value desc, figures.inventory_year asc
        ) as place_in_time,
        figures.inventory_year <= targets.target_year as is_in_time
    from figures
    inner join targets
        on figures.target_id = targets.target_id

),

peaks as (

    select
        target_id,
        max(case when place = 1 then inventory_year end) as peak_year,
        max(case when is_in_time and place_in_time = 1 then inventory_year end)
            as peak_year_in_time,
        max(case when is_in_time and place_in_time = 1 then value end) as peak_value_in_time
    from ranked
    group by target_id

),

paths as (

    select
        targets.target_id,
        targets.name_en,
        targets.name_zh,
        targets.kind,
        targets.basis,
        targets.base_year,
        targets.target_year,
        targets.reduction_share,
        targets.neutralised_by,
        targets.neutralised_by_zh,
        figures.inventory_year,
        figures.is_forecast,
        figures.unit,
        figures.value,
        base_values.base_value,
        base_values.base_value_from,
        peaks.peak_year,
        case
            when targets.kind = 'peak' and figures.inventory_year > peaks.peak_year_in_time
                then peaks.peak_value_in_time
            when targets.kind = 'peak' then null
            when targets.path = 'constant_rate'
                then base_values.base_value * power(
                    1.0 - targets.reduction_share,
                    (figures.inventory_year - targets.base_year)
                    / cast(targets.target_year - targets.base_year as double)
                )
            else
                base_values.base_value * (
                    1.0
                    - targets.reduction_share
                    * (figures.inventory_year - targets.base_year)
                    / (targets.target_year - targets.base_year)
                )
        end as path_value
    from targets
    inner join figures
        on targets.target_id = figures.target_id
    inner join peaks
        on targets.target_id = peaks.target_id
    left join base_values
        on targets.target_id = base_values.target_id
    where
        targets.kind = 'peak'
        or figures.inventory_year between targets.base_year and targets.target_year

),

judged as (

    select
        *,
        value - path_value as gap,
        kind = 'neutrality' and inventory_year = target_year as is_neutral_year,
        case
            when path_value is null and kind = 'peak' then 'before_peak'
            when path_value is null then 'no_base_value'
            when value <= path_value * (1.0 + 1e-9) then 'on_path'
            else 'above_path'
        end as verdict
    from paths

),

digits as (

    select
        *,
        {{ whole('value') }} as value_digits,
        {{ whole('path_value') }} as path_digits,
        {{ whole('gap') }} as gap_digits
    from judged

),

worded as (

    select
        *,
        {{ grouped('value_digits') }} as value_text,
        {{ grouped('path_digits') }} as path_text,
        {{ grouped('gap_digits') }} as gap_text
    from digits

)

select
    target_id,
    cast(inventory_year as integer) as inventory_year,
    is_forecast,
    name_en,
    name_zh,
    kind,
    basis,
    unit,
    cast(base_year as integer) as base_year,
    base_value,
    base_value_from,
    cast(target_year as integer) as target_year,
    reduction_share,
    path_value,
    value,
    gap,
    gap / nullif(path_value, 0.0) as gap_share,
    verdict,
    cast(peak_year as integer) as peak_year,
    case when is_neutral_year then value end as residual_value,
    case when is_neutral_year then neutralised_by end as neutralised_by,
    {{ gap_in_words('en') }} as gap_en,
    {{ gap_in_words('zh') }} as gap_zh
from worded
