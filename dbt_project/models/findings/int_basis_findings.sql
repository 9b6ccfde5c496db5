-- One row per finding that warns: a quantity unlike its own history, a jump against last year, or
-- a site whose figures rest on weak data.

with specific as (

    select * from {{ ref('int_specific_consumption') }}
    where is_unusual

),

jumps as (

    select * from {{ ref('int_year_on_year') }}
    where is_jump

),

data_basis as (

    select * from {{ ref('int_data_basis') }}
    where is_beyond

),

worded_specific as (

    select
        *,
        substring(cast(period_month as string), 1, 7) as month_text,
        cast(cast(specific_quantity as decimal(28, 6)) as string)
        || ' ' || unit_code || '/' || output_unit_code as observed_text,
        cast(cast(median_quantity as decimal(28, 6)) as string)
        || ' ' || unit_code || '/' || output_unit_code as expected_text
    from specific

),

worded_jumps as (

    select
        *,
        substring(cast(period_month as string), 1, 7) as month_text,
        cast(cast(quantity as decimal(28, 3)) as string) || ' ' || unit_code
            as observed_text,
        cast(cast(quantity_a_year_before as decimal(28, 3)) as string) || ' ' || unit_code
            as expected_text,
        cast(cast(100.0 * change_share as decimal(28, 1)) as string) || ' %' as change_text
    from jumps

),

worded_basis as (

    select
        *,
        substring(cast(period_month as string), 1, 7) as month_text,
        cast(cast(100.0 * concerned_share as decimal(28, 1)) as string) || ' %'
            as observed_text,
        cast(cast(100.0 * tolerance_share as decimal(28, 1)) as string) || ' %'
            as expected_text
    from data_basis

)

select
    'specific_consumption' as rule_id,
    facility_id,
    process_id,
    flow_id,
    period_month,
    observed_text as observed,
    expected_text as expected,
    tolerance_share as tolerance,
    cast(null as double) as affected_kgco2e,
    process_id || ' took ' || observed_text || ' of ' || flow_id || ' in ' || month_text
    || '; the median of its ' || cast(history_count as string) || ' months before is '
    || expected_text || '.' as message_en,
    process_id || ' 在 ' || month_text || ' 的 ' || flow_id || ' 单耗为 ' || observed_text
    || '，此前 ' || cast(history_count as string) || ' 个月的中位数为 ' || expected_text || '。'
        as message_zh,
    'Check quantity, output and their units; if both are right, note what changed in the process.'
        as remedy_en,
    '请核对用量、产量及其单位；若均无误，请备注工序发生的变化。' as remedy_zh
from worded_specific
union all
select
    'year_on_year' as rule_id,
    facility_id,
    process_id,
    flow_id,
    period_month,
    direction || ': ' || observed_text as observed,
    expected_text as expected,
    tolerance_share as tolerance,
    cast(null as double) as affected_kgco2e,
    flow_id || ' (' || direction || ') of ' || process_id || ' is ' || observed_text || ' in '
    || month_text || ', ' || change_text || ' against ' || expected_text || ' a year before.'
        as message_en,
    process_id || ' 的 ' || flow_id || '（'
    || case when direction = 'input' then '投入' else '产出' end || '）在 ' || month_text || ' 为 '
    || observed_text || '，较上年同月的 ' || expected_text || ' 变化 ' || change_text || '。'
        as message_zh,
    'Check the value and its unit against last year; if it is right, note the reason.'
        as remedy_en,
    '请对照上年数据核对数值和单位；若无误，请备注原因。' as remedy_zh
from worded_jumps
union all
select
    rule_id,
    facility_id,
    cast(null as string) as process_id,
    cast(null as string) as flow_id,
    period_month,
    observed_text as observed,
    'at most ' || expected_text as expected,
    tolerance_share as tolerance,
    concerned_kgco2e as affected_kgco2e,
    observed_text || ' of the kgCO2e of ' || facility_id || ' in ' || month_text
    || case rule_id
        when 'estimated_share' then ' rest on estimates'
        when 'fallback_factor_share'
            then ' rest on factors of a wider place although finer ones are published'
        else ' rest on data without instrument, document or note'
    end
    || '; allowed are ' || expected_text || '.' as message_en,
    facility_id || ' 在 ' || month_text || ' 的排放中有 ' || observed_text
    || case rule_id
        when 'estimated_share' then ' 依据估算'
        when 'fallback_factor_share' then ' 采用了更大地域的因子，而已有更细地域的因子发布'
        else ' 的数据没有仪表、单据或备注'
    end
    || '，允许 ' || expected_text || '。' as message_zh,
    case rule_id
        when 'estimated_share'
            then 'Meter or weigh the largest estimates first; lineage and data_method show which.'
        when 'fallback_factor_share'
            then
                'Add the finer factor of the year to emission_factors/, or say in the library why '
                || 'the wider one is used.'
        else 'Add the number of the invoice, certificate or order, or a note, to these data.'
    end as remedy_en,
    case rule_id
        when 'estimated_share' then '请优先对占比最大的估算项安装计量或称重，见 lineage 与 data_method。'
        when 'fallback_factor_share'
            then '请在 emission_factors/ 补入当年更细地域的因子，或在因子库中说明采用更大地域因子的理由。'
        else '请为这些数据补填发票号、证书号、订单号或备注。'
    end as remedy_zh
from worded_basis
