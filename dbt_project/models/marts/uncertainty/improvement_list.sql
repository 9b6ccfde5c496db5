-- One row per figure, inventories and products, and cause: how much narrower its interval becomes
-- when the spread of the cause is halved, or when something with a spread of its own takes its
-- place (a supplier's value, a meter, a scale), and who could do it. A cause without a spread comes
-- with what rests on it, and with the first thing to do: state it.

with sensitivities as (

    select * from {{ ref('sensitivities') }}
    where figure_kind in ('inventory', 'product')

),

figures as (

    select * from {{ ref('figure_uncertainty') }}
    where figure_kind in ('inventory', 'product')

),

causes as (

    select * from {{ ref('stg_uncertainty__causes') }}

),

ranked as (

    select
        sensitivities.figure_kind,
        sensitivities.subject,
        sensitivities.reference_period,
        sensitivities.basis,
        sensitivities.unit,
        sensitivities.cause_id,
        causes.cause_kind,
        causes.factor_version_id,
        causes.process_id,
        causes.flow_id,
        causes.data_method,
        causes.owner,
        causes.spread,
        causes.source_id,
        causes.source_line,
        causes.gas_code,
        causes.replaced_by,
        causes.replacement_spread,
        causes.replacement_line,
        abs(sensitivities.sensitivity) as rests_on_it,
        abs(sensitivities.figure_value) as figure_size,
        {{ normal_95() }} * figures.standard_deviation as half_width,
        -- the variance is s²σ² of each cause; half of σ leaves a quarter of it
        {{ normal_95() }} * sqrt(
            greatest(
                figures.standard_deviation * figures.standard_deviation
                - 0.75 * sensitivities.standard_deviation * sensitivities.standard_deviation,
                0.0
            )
        ) as half_width_if_halved,
        case
            when causes.replacement_deviation is not null
                then {{ normal_95() }} * sqrt(
                    greatest(
                        figures.standard_deviation * figures.standard_deviation
                        - sensitivities.standard_deviation * sensitivities.standard_deviation
                        + sensitivities.sensitivity * sensitivities.sensitivity
                        * causes.replacement_deviation * causes.replacement_deviation,
                        0.0
                    )
                )
        end as half_width_if_replaced
    from sensitivities
    inner join figures
        on
            sensitivities.figure_kind = figures.figure_kind
            and sensitivities.subject = figures.subject
            and sensitivities.reference_period = figures.reference_period
            and sensitivities.basis = figures.basis
    inner join causes
        on sensitivities.cause_id = causes.cause_id

)

select
    figure_kind,
    subject,
    reference_period,
    basis,
    unit,
    cause_id,
    cause_kind,
    factor_version_id,
    process_id,
    flow_id,
    data_method,
    owner,
    spread,
    source_id,
    source_line,
    rests_on_it,
    case when spread is not null then half_width end as half_width,
    case when spread is not null then half_width_if_halved end as half_width_if_halved,
    case when spread is not null then half_width - half_width_if_halved end as narrower_by,
    cast(
        row_number() over (
            partition by figure_kind, subject, reference_period, basis
            -- what differs by rounding alone stands by its name
            order by
                case
                    when spread is null then 0.0
                    else round((half_width - half_width_if_halved) / nullif(figure_size, 0.0), 9)
                end desc,
                round(rests_on_it / nullif(figure_size, 0.0), 9) desc,
                cause_id asc
        ) as integer
    ) as improvement_rank,
    case
        when spread is null then 'state_spread'
        when cause_kind = 'gwp' then 'use_newer_gwp'
        when cause_kind = 'service_key' then 'meter_service'
        when cause_kind = 'factor' then 'replace_factor'
        when cause_kind = 'meter' then 'calibrate_meter'
        when cause_kind = 'allocation_price' then 'document_price'
        when cause_kind = 'opening_stock' then 'calculate_stock'
        when cause_kind = 'scenario' then 'support_scenario'
        when data_method in ('metered', 'weighed') then 'improve_measurement'
        else 'measure'
    end as what_to_do,
    gas_code,
    replaced_by,
    replacement_spread,
    replacement_line,
    case when spread is not null then half_width_if_replaced end as half_width_if_replaced,
    case when spread is not null then half_width - half_width_if_replaced end
        as narrower_by_if_replaced
from ranked
