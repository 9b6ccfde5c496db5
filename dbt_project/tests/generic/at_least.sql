{% test at_least(model, column_name, value) %}
-- No value below the bound.
select {{ column_name }}
from {{ model }}
where {{ column_name }} < {{ value }}
{% endtest %}
