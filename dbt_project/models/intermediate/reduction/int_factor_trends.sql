-- One row per site, flow, component, basis and year: the emission factor as a multiple of that of
-- the base year. The path of the site and basis goes before one of the site, of the basis, of all.

with years as (

    select * from {{ ref('int_forecast_years') }}

),

paths as (

    select * from {{ ref('stg_company__factor_paths') }}

),

factors as (

    {{ interpolated(
        'paths', ['flow_id', 'component', 'facility_id', 'basis'], 'path_year', 'factor', 'years'
    ) | indent(4) }}

),

ratios as (

    select
        factors.flow_id,
        factors.component,
        factors.facility_id,
        factors.basis,
        factors.forecast_year,
        factors.factor / nullif(at_base.factor, 0.0) as factor_ratio
    from factors
    inner join factors as at_base
        on
            factors.flow_id = at_base.flow_id
            and factors.component = at_base.component
            and factors.facility_id = at_base.facility_id
            and factors.basis = at_base.basis
    inner join years
        on
            factors.forecast_year = years.forecast_year
            and at_base.forecast_year = years.base_year

),

places as (

    select facility_id from {{ ref('stg_company__facilities') }}

),

bases as (

    select 'location_based' as basis
    union all
    select 'market_based' as basis

),

chosen as (

    select
        places.facility_id,
        ratios.flow_id,
        ratios.component,
        bases.basis,
        ratios.forecast_year,
        ratios.factor_ratio,
        row_number() over (
            partition by
                places.facility_id,
                ratios.flow_id,
                ratios.component,
                bases.basis,
                ratios.forecast_year
            order by
                case when ratios.facility_id = '' then 1 else 0 end,
                case when ratios.basis = '' then 1 else 0 end
        ) as place_in_order
    from ratios
    inner join places
        on ratios.facility_id in ('', places.facility_id)
    inner join bases
        on ratios.basis in ('', bases.basis)

)

select
    facility_id,
    flow_id,
    component,
    basis,
    forecast_year,
    factor_ratio
from chosen
where place_in_order = 1
