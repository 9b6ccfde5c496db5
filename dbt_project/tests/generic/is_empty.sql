{% test is_empty(model) %}
-- The model lists problems; each row is one.
select * from {{ model }}
{% endtest %}
