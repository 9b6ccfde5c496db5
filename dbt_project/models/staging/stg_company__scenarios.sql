-- One row per product, market, stage, treatment, flow and validity.

select
    product_id,
    market,
    {{ to_double('market_share') }} as market_share,
    life_cycle_stage,
    treatment,
    flow_id,
    {{ to_double('quantity_per_declared_unit') }} as quantity_per_declared_unit,
    unit as unit_text,
    cast(valid_from as date) as valid_from,
    cast(valid_to as date) as valid_to,
    source_id,
    source_locator
from {{ source('company', 'scenarios') }}
