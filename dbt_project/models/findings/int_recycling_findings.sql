-- One row per year and recycling method that has no figure for a product, or line of it that serves
-- none: an analysis that was asked for and doesn't come says why.

with periods as (

    select * from {{ ref('stg_solved__periods') }}
    where
        period_type = 'year'
        and is_solved

),

lines as (

    select
        periods.reference_period,
        periods.first_month,
        methods.method,
        methods.recycled_flow_id,
        methods.virgin_flow_id
    from {{ ref('stg_company__recycling_methods') }} as methods
    inner join periods
        on
            {{ valid_on('methods', 'periods.first_month') }}
    where methods.method <> 'cut_off'

),

inputs as (

    select
        product_id,
        reference_period,
        method,
        flow_id,
        sum(recycled_kg) as recycled_kg,
        sum(virgin_kg) as virgin_kg
    from {{ ref('int_recycled_inputs') }}
    group by product_id, reference_period, method, flow_id

),

asked as (

    select distinct
        lines.reference_period,
        lines.first_month,
        lines.method,
        products.product_id,
        products.flow_id
    from lines
    inner join {{ ref('int_product_periods') }} as products
        on lines.reference_period = products.reference_period

),

served as (

    select distinct
        reference_period,
        method,
        product_id
    from {{ ref('product_contributions') }}
    where origin = 'method_adjustment'

),

taken as (

    select
        reference_period,
        method,
        product_id,
        max(virgin_kg) as virgin_kg
    from inputs
    group by reference_period, method, product_id

),

products_without as (

    select
        asked.reference_period,
        asked.first_month,
        asked.method,
        asked.product_id as subject,
        asked.flow_id,
        case when taken.virgin_kg > 0.0 then 'warning' else 'info' end as severity,
        case
            when taken.virgin_kg > 0.0 then 'no recycling at the end of life'
            else 'no recycled input'
        end as observed
    from asked
    left join served
        on
            asked.reference_period = served.reference_period
            and asked.method = served.method
            and asked.product_id = served.product_id
    left join taken
        on
            asked.reference_period = taken.reference_period
            and asked.method = taken.method
            and asked.product_id = taken.product_id
    where served.product_id is null

),

lines_without as (

    select
        lines.reference_period,
        lines.first_month,
        lines.method,
        lines.recycled_flow_id as subject,
        lines.recycled_flow_id as flow_id,
        'warning' as severity,
        'in no product' as observed
    from lines
    left join inputs
        on
            lines.reference_period = inputs.reference_period
            and lines.method = inputs.method
            and lines.recycled_flow_id = inputs.flow_id
            and inputs.recycled_kg + inputs.virgin_kg > 0.0
    where inputs.flow_id is null

),

found as (

    select * from products_without
    union all
    select * from lines_without

)

select
    'recycling_method_without_input' as rule_id,
    severity,
    reference_period,
    first_month,
    method,
    subject,
    flow_id,
    observed,
    'a recycled flow of the method that the product takes in' as expected,
    case observed
        when 'in no product'
            then
                'The line of ' || method || ' for ' || subject || ' serves no product in '
                || reference_period || ': none takes it in, nor what it would replace.'
        when 'no recycled input'
            then
                subject || ' has no figure by ' || method || ' in ' || reference_period
                || ': it takes in none of the flows that the method names. '
                || 'Its cut-off figure stands.'
        else
            subject || ' has no figure by ' || method || ' in ' || reference_period
            || ': it takes in virgin material alone, is recycled at its end of life, and no line '
            || 'says what that recycling is.'
    end as message_en,
    case observed
        when 'in no product'
            then
                reference_period || '：' || method || ' 针对 ' || subject
                || ' 的行未用于任何产品：没有产品使用该流或其所替代的原生料。'
        when 'no recycled input'
            then
                reference_period || '：' || subject || ' 没有 ' || method
                || ' 数值：其投入中没有该方法所列的流。cut-off 数值不受影响。'
        else
            reference_period || '：' || subject || ' 没有 ' || method
            || ' 数值：其仅使用原生料且报废后被回收，但没有行说明该回收过程。'
    end as message_zh,
    case observed
        when 'no recycling at the end of life'
            then 'State recycling_eol_flow_id in company/recycling_methods.csv.'
        else
            'Nothing to mend if it is so; otherwise compare recycled_flow_id in '
            || 'company/recycling_methods.csv with what the processes take in.'
    end as remedy_en,
    case observed
        when 'no recycling at the end of life'
            then '请在 company/recycling_methods.csv 填写 recycling_eol_flow_id。'
        else
            '若情况属实则无需处理；否则请核对 company/recycling_methods.csv 的 recycled_flow_id '
            || '与各工序的投入。'
    end as remedy_zh
from found
