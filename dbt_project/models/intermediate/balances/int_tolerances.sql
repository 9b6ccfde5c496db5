-- One row per rule, process and flow that a line of the company tolerates something of, and per
-- rule with a default, which holds where no line does.

select
    rule_id,
    source,
    flow_id,
    tolerance_share,
    0 as is_default
from {{ ref('stg_company__tolerances') }}
where tolerance_share >= 0.0
union all
select
    rule_id,
    cast(null as string) as source,
    cast(null as string) as flow_id,
    tolerance as tolerance_share,
    1 as is_default
from {{ ref('default_tolerances') }}
where used_by <> 'gate'
