-- One row per calorific value or carbon content that the plant measured and no factor takes up,
-- so that it changes no figure.

with measured as (

    select * from {{ ref('int_measured_properties') }}
    where property in ('ncv', 'carbon_content', 'carbon_content_per_unit')

),

mix as (

    select * from {{ ref('int_factor_mix') }}

),

chosen as (

    select
        period_month,
        facility_id,
        flow_id,
        min(factor_version_id) as factor_version_id
    from mix
    group by period_month, facility_id, flow_id

),

-- the mix says itself which cells it took
used as (

    select distinct
        measured.period_month,
        measured.facility_id,
        measured.flow_id,
        measured.property,
        measured.measured_cell
    from measured
    inner join mix
        on
            measured.period_month = mix.period_month
            and measured.facility_id = mix.facility_id
            and measured.flow_id = mix.flow_id
            and position(
                ' + ' || measured.measured_cell || ' + ' in ' + ' || mix.measured_cell || ' + '
            ) > 0

),

unused as (

    select
        measured.round,
        measured.hand_in,
        measured.source_file,
        measured.source_sheet,
        measured.source_cell,
        measured.period_month,
        measured.facility_id,
        measured.process_id,
        measured.flow_id,
        measured.property,
        measured.measured_text,
        substring(cast(measured.period_month as string), 1, 7) as month_text,
        chosen.factor_version_id,
        case
            when chosen.factor_version_id is null then 'no_factor'
            when measured.property = 'ncv' then 'not_per_energy'
            when carbon_of_amount.measured_cell is not null then 'other_counts'
            when measured.property = 'carbon_content' then 'no_carbon_content'
            else 'no_oxidation'
        end as why_not
    from measured
    left join used
        on measured.measured_cell = used.measured_cell
    left join chosen
        on
            measured.period_month = chosen.period_month
            and measured.facility_id = chosen.facility_id
            and measured.flow_id = chosen.flow_id
    left join used as carbon_of_amount
        on
            measured.period_month = carbon_of_amount.period_month
            and measured.facility_id = carbon_of_amount.facility_id
            and measured.flow_id = carbon_of_amount.flow_id
            and carbon_of_amount.property = 'carbon_content_per_unit'
    where used.measured_cell is null

)

select
    round,
    hand_in,
    source_file,
    source_sheet,
    source_cell,
    period_month,
    facility_id,
    process_id,
    flow_id,
    property || ': ' || measured_text as observed,
    'a factor that takes it up' as expected,
    'The measured ' || property || ' of ' || flow_id || ' in ' || month_text
    || ' changes no figure: '
    || case why_not
        when 'no_factor' then 'no factor is for this flow and site'
        when 'not_per_energy'
            then 'factor ' || factor_version_id || ' is not per unit of energy'
        when 'other_counts'
            then 'the carbon content per amount, measured as well, counts instead'
        when 'no_carbon_content'
            then 'factor ' || factor_version_id || ' states no carbon content'
        else
            'factor ' || factor_version_id || ' states no oxidation fraction, or no fossil CO2'
    end
    || '.' as message_en,
    month_text || ' 实测的 ' || flow_id || ' 的 ' || property || ' 未影响任何结果：'
    || case why_not
        when 'no_factor' then '该流和厂区没有因子'
        when 'not_per_energy' then '因子 ' || factor_version_id || ' 不是按能量给出的'
        when 'other_counts' then '以同时实测的单位数量含碳量为准'
        when 'no_carbon_content' then '因子 ' || factor_version_id || ' 没有含碳量'
        else '因子 ' || factor_version_id || ' 没有氧化率或化石 CO2'
    end
    || '。' as message_zh,
    'Add a factor per TJ, with carbon content and oxidation fraction, to emission_factors/; or '
    || 'leave the measured value out of the map.' as remedy_en,
    '请在 emission_factors/ 补充按 TJ 给出、含有含碳量和氧化率的因子；或在映射中不再读取该实测值。'
        as remedy_zh
from unused
