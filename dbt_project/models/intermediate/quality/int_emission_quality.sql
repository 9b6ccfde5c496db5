-- One row per emission line: how much of it is primary, and how much rests on estimates.
-- A line is primary as far as its activity was measured and its factor is the company's or its
-- supplier's own; own direct emissions are (method PDS). Of a supplier's figure that is the share
-- which the supplier states; all of it where none is stated.

{{ replace_partitions() }}

with emissions as (

    select * from {{ ref('int_emissions') }}
    where {{ in_stale_months('period_month') }}

),

-- a market-based figure has several factors, of which some may be the supplier's own
primary_parts as (

    select
        {% for basis in ['location_based', 'market_based'] -%}
            sum(
                case
                    when
                        mix.basis = '{{ basis }}'
                        and mix.match_level in ('supplier', 'facility', 'instrument')
                        then
                            abs(mix.share * mix.kgco2e_per_unit)
                            * coalesce(versions.primary_data_share, 1.0)
                    else 0.0
                end
            ) / nullif(
                sum(
                    case
                        when mix.basis = '{{ basis }}' then abs(mix.share * mix.kgco2e_per_unit)
                    end
                ),
                0.0
            ) as {{ basis }}_primary_share,
        {% endfor -%}
        mix.period_month,
        mix.facility_id,
        mix.flow_id,
        mix.component,
        mix.supplier_key
    from {{ ref('int_factor_mix') }} as mix
    left join {{ ref('stg_factors__versions') }} as versions
        on mix.factor_version_id = versions.factor_version_id
    where {{ in_stale_months('period_month') }}
    group by
        mix.period_month, mix.facility_id, mix.flow_id, mix.component, mix.supplier_key

)

select
    {% for basis in ['location_based', 'market_based'] -%}
        abs(emissions.{{ basis }}_kgco2e) as {{ basis }}_gross_kgco2e,
        abs(emissions.{{ basis }}_kgco2e)
        * (1.0 - emissions.estimated_share)
        * case
            when emissions.ghg_scope = 1 then 1.0
            else coalesce(primary_parts.{{ basis }}_primary_share, 0.0)
        end as {{ basis }}_primary_kgco2e,
        abs(emissions.{{ basis }}_kgco2e) * emissions.estimated_share
            as {{ basis }}_estimated_kgco2e,
    {% endfor -%}
    emissions.facility_id,
    emissions.process_id,
    emissions.flow_id,
    emissions.direction,
    emissions.period_month,
    emissions.supplier_key,
    emissions.component
from emissions
left join primary_parts
    on
        emissions.period_month = primary_parts.period_month
        and emissions.facility_id = primary_parts.facility_id
        and emissions.flow_id = primary_parts.flow_id
        and emissions.component = primary_parts.component
        and emissions.supplier_key = primary_parts.supplier_key
