-- One row per setting of company.yml.

select
    key as setting,
    value as setting_value
from {{ source('company', 'settings') }}
