-- The parts of a flow's mix add up to one, so no kilowatt-hour is lost or counted twice.

select
    period_month,
    facility_id,
    flow_id,
    component,
    supplier_key,
    basis,
    sum(share) as share
from {{ ref('int_factor_mix') }}
group by period_month, facility_id, flow_id, component, supplier_key, basis
having abs(sum(share) - 1.0) > 1e-9
