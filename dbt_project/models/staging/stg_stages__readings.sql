-- One row per accepted workbook cell and the fact it states.

select
    {{ reading_columns() }}
from {{ source('accepted', 'stage_readings') }}
