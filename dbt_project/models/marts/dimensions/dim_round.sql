-- One row per collection round.

select
    round,
    'Round ' || round as round_name_en,
    round || ' 轮次' as round_name_zh,
    opens_on,
    closes_on,
    first_month,
    last_month
from {{ ref('stg_company__rounds') }}
