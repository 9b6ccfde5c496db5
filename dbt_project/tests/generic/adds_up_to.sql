{% test adds_up_to(model, column_name, total, by, where='true', absolute=0.000001) %}
-- The column, summed by `by`, equals the same column of `total`, in kilograms.
with parts as (
    select
        {{ by | join(', ') }},
        sum({{ column_name }}) as part
    from {{ model }}
    where {{ where }}
    group by {{ by | join(', ') }}
),

totals as (
    select
        {{ by | join(', ') }},
        sum({{ column_name }}) as total
    from {{ total }}
    group by {{ by | join(', ') }}
)

select *
from parts
full outer join totals using ({{ by | join(', ') }})
where
    abs(coalesce(part, 0) - coalesce(total, 0))
    > {{ absolute }} + 1e-9 * abs(coalesce(total, 0))
{% endtest %}
