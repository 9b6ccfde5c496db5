{% test within_bounds(model, column_name, low, high) %}
-- Every value lies between the bounds, but for rounding of sums.
select {{ column_name }}
from {{ model }}
where {{ column_name }} < {{ low }} - 1e-9 or {{ column_name }} > {{ high }} + 1e-9
{% endtest %}
