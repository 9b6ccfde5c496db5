-- One row per product, reference period and basis: data quality of the footprint cradle to gate.

{{ replace_periods() }}

with requirements as (

    select * from {{ ref('int_product_requirements') }}
    where {{ in_stale_periods('reference_period') }}

),

quality as (

    select * from {{ ref('int_period_quality') }}
    where reference_period in (select requirements.operation_period from requirements)

),

-- one factor serves many processes and months, and is wrong in all of them alike; different
-- factors are wrong independently
by_factor as (

    select
        requirements.product_id,
        requirements.reference_period,
        quality.basis,
        quality.flow_id,
        quality.component,
        sum(requirements.coefficient_per_declared_unit * quality.gross_kgco2e) as gross_kgco2e,
        sum(requirements.coefficient_per_declared_unit * quality.primary_kgco2e) as primary_kgco2e,
        sum(requirements.coefficient_per_declared_unit * quality.technological_weighted)
            as technological_weighted,
        sum(requirements.coefficient_per_declared_unit * quality.geographical_weighted)
            as geographical_weighted,
        sum(requirements.coefficient_per_declared_unit * quality.temporal_weighted)
            as temporal_weighted,
        sum(requirements.coefficient_per_declared_unit * quality.reliability_weighted)
            as reliability_weighted,
        sum(requirements.coefficient_per_declared_unit * quality.completeness_weighted)
            as completeness_weighted,
        sum(requirements.coefficient_per_declared_unit * quality.deviation_weighted)
            as deviation_weighted
    from requirements
    inner join quality
        on
            requirements.operation_period = quality.reference_period
            and requirements.process_id = quality.process_id
    group by
        requirements.product_id,
        requirements.reference_period,
        quality.basis,
        quality.flow_id,
        quality.component

)

select
    product_id,
    reference_period,
    basis,
    sum(gross_kgco2e) as gross_kgco2e_per_declared_unit,
    100.0 * sum(primary_kgco2e) / nullif(sum(gross_kgco2e), 0.0) as pds_percent,
    {% for indicator in [
        'technological', 'geographical', 'temporal', 'reliability', 'completeness'
    ] -%}
        sum({{ indicator }}_weighted) / nullif(sum(gross_kgco2e), 0.0) as {{ indicator }}_dqr,
    {% endfor -%}
    sum(deviation_weighted * deviation_weighted)
    / nullif(sum(gross_kgco2e) * sum(gross_kgco2e), 0.0) as variance_of_logarithm,
    exp(
        2.0 * sqrt(sum(deviation_weighted * deviation_weighted))
        / nullif(sum(gross_kgco2e), 0.0)
    ) as gsd2
from by_factor
group by product_id, reference_period, basis
