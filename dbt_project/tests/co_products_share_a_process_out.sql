-- The co-products of a process carry all of it: their shares add up to one, and what they carry
-- adds up to the emissions of the process.

select
    reference_period,
    process_id,
    sum(allocation_share) as allocation_share,
    sum(allocated_location_based_kgco2e) as allocated_location_based_kgco2e,
    max(process_location_based_kgco2e) as process_location_based_kgco2e,
    sum(allocated_market_based_kgco2e) as allocated_market_based_kgco2e,
    max(process_market_based_kgco2e) as process_market_based_kgco2e
from {{ ref('co_product_allocation') }}
where {{ in_stale_periods('reference_period') }}
group by reference_period, process_id
having
    abs(sum(allocation_share) - 1.0) > 1e-9
    or abs(sum(allocated_location_based_kgco2e) - max(process_location_based_kgco2e))
    > 1e-6 + 1e-9 * abs(max(process_location_based_kgco2e))
    or abs(sum(allocated_market_based_kgco2e) - max(process_market_based_kgco2e))
    > 1e-6 + 1e-9 * abs(max(process_market_based_kgco2e))
