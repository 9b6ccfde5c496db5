-- One row per balance that is out of its tolerance, in words.

with balances as (

    select
        balance,
        rule_id,
        facility_id,
        process_id,
        flow_id,
        flow_id as matter,
        period_month,
        unit_code,
        input_quantity,
        output_quantity,
        stock_change_quantity,
        difference_share,
        tolerance_share,
        critical_tolerance_share,
        status
    from {{ ref('process_balances') }}
    where status in ('outside', 'critical')
    union all
    select
        'certified' as balance,
        'certified_volume' as rule_id,
        facility_id,
        '' as process_id,
        '' as flow_id,
        scope_certificate as matter,
        period_month,
        'kg' as unit_code,
        case when status = 'outside' then available_kg else made_so_far_kg end as input_quantity,
        case when status = 'outside' then available_kg - balance_kg else output_so_far_kg end
            as output_quantity,
        0.0 as stock_change_quantity,
        case
            when status = 'outside' then balance_share
            else (made_so_far_kg - output_so_far_kg) / nullif(made_so_far_kg, 0.0)
        end as difference_share,
        tolerance_share,
        cast(null as double) as critical_tolerance_share,
        status
    from {{ ref('certified_volumes') }}
    where status in ('outside', 'more_than_made')

),

findings as (

    select * from {{ ref('stg_gate__findings') }}

),

-- who answers for a process's mass balance at the gate answers for the same one here
waived_at_the_gate as (

    select
        process_id,
        period_month,
        max(waiver_reason) as waiver_reason,
        max(waived_by) as waived_by,
        max(waived_until) as waived_until
    from findings
    where
        rule_id = 'process_mass_balance'
        and waived_by is not null
    group by process_id, period_month

),

answered_balances as (

    select
        balances.*,
        waived_at_the_gate.waiver_reason,
        waived_at_the_gate.waived_by,
        waived_at_the_gate.waived_until
    from balances
    left join waived_at_the_gate
        on
            balances.balance = 'mass'
            and balances.process_id = waived_at_the_gate.process_id
            and balances.period_month = waived_at_the_gate.period_month

),

worded_balances as (

    select
        *,
        trim(
            coalesce(nullif(process_id, ''), nullif(facility_id, ''), 'the company')
            || ' ' || matter
        ) as subject,
        substring(cast(period_month as string), 1, 7) as month_text,
        cast(cast(100.0 * difference_share as decimal(18, 2)) as string) || ' %'
            as difference_text,
        cast(
            cast(
                100.0 * case
                    when status = 'critical' then critical_tolerance_share
                    else tolerance_share
                end as decimal(18, 2)
            ) as string
        ) || ' %' as tolerance_text,
        case balance
            when 'mass' then '干基质量'
            when 'carbon' then '碳'
            when 'recycled' then '再生料'
            when 'electricity' then '电力'
            when 'certified' then '认证量'
            when 'utility' then '自产能源介质'
            when 'returned_utility' then '回用介质'
            else '库存'
        end as balance_zh
    from answered_balances

)

select
    '' as round,
    '' as hand_in,
    null as hand_in_state,
    'balance' as judged_by,
    rule_id,
    case when status = 'critical' then 'critical' else 'warning' end as severity,
    null as source_file,
    null as source_sheet,
    null as source_cell,
    period_month,
    substring(cast(period_month as string), 1, 7) as reference_period,
    nullif(facility_id, '') as facility_id,
    nullif(flow_id, '') as flow_id,
    nullif(process_id, '') as process_id,
    cast(cast(output_quantity + stock_change_quantity as decimal(28, 3)) as string)
    || ' ' || unit_code as observed,
    cast(cast(input_quantity as decimal(28, 3)) as string)
    || ' ' || unit_code as expected,
    case when status = 'critical' then critical_tolerance_share else tolerance_share end
        as tolerance,
    cast(null as double) as affected_kgco2e,
    nullif(facility_id, '') as affected_facility_id,
    'The ' || balance || ' balance of ' || subject || ' in ' || month_text
    || ' is out by ' || difference_text || '; allowed are ' || tolerance_text || '.'
        as message_en,
    subject || ' 在 ' || month_text || ' 的' || balance_zh || '平衡偏差为 '
    || difference_text || '，允许 ' || tolerance_text || '。' as message_zh,
    case
        when balance = 'electricity'
            then
                'Compare the sub-meters with the main meter: one was read on another day, '
                || 'left out, or counts twice.'
        when balance in ('utility', 'returned_utility')
            then 'Compare the meters of maker and users; losses belong in the tolerance.'
        when balance = 'stock'
            then 'Compare stock readings with receipts and deliveries of the month.'
        when balance = 'recycled'
            then
                'Less recycled material went in than the claim says came out: check the '
                || 'contents in company/flow_properties.csv, or lower the claim in '
                || 'company/products.csv.'
        when balance = 'certified'
            then
                'More is sold or stocked as certified than came in with a certificate, or than '
                || 'was made: look for a transaction certificate that is missing, counts '
                || 'twice or has another unit; a yield_share in company/scope_certificates.csv.'
        when balance = 'carbon'
            then
                'Look for an input, product or waste of the month that was not weighed or was '
                || 'booked in another month or unit; check moisture and carbon content.'
        else
            'Look for an input, product or waste of the month that was not weighed or was '
            || 'booked in another month or unit; check the moisture.'
    end as remedy_en,
    case
        when balance = 'electricity' then '请核对分表与总表：抄表日期不同、漏计或重复计量。'
        when balance in ('utility', 'returned_utility') then '请核对供方与用方计量表；管网损失应计入允差。'
        when balance = 'stock' then '请核对当月库存读数与收发货记录。'
        when balance = 'recycled'
            then
                '投入的再生料少于声明的产出：请核对 company/flow_properties.csv 中的含量，'
                || '或下调 company/products.csv 的声明值。'
        when balance = 'certified'
            then
                '认证的销售与库存多于认证的投入或实际产量：请查找缺失、重复或单位有误的交易证书，'
                || '并核对 company/scope_certificates.csv 的 yield_share。'
        when balance = 'carbon'
            then '请查找当月未称重、错月或错单位登记的投入、产品或废料，并核对含水率和含碳量。'
        else '请查找当月未称重、错月或错单位登记的投入、产品或废料，并核对含水率。'
    end as remedy_zh,
    waiver_reason,
    waived_by,
    waived_until
from worded_balances
