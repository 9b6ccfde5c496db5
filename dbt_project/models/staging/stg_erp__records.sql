-- One row per field of an accepted ERP record and the fact it states.

select
    {{ reading_columns() }}
from {{ source('accepted', 'erp_records') }}
