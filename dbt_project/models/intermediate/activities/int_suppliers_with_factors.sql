-- One row per flow and supplier that has an emission factor of its own.

select distinct
    flow_id,
    supplier_id
from {{ ref('stg_factors__versions') }}
where supplier_id is not null
