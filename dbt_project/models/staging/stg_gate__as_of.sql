-- One row: the day of the last judgement.

select as_of
from {{ source('quality', 'as_of') }}
