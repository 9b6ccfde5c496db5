{% test unique_grain(model, columns) %}
-- One row per combination of the columns that the model calls its grain.
select {{ columns | join(', ') }}
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}
