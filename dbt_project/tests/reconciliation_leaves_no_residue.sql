-- Products and bridge lines are the inventory: below a kilogram and a billionth of it, for each
-- gas and on both bases, in every period that was solved.

{{ config(meta={'dagster': {'ref': {'name': 'reconciliation'}}}) }}

with reconciliation as (

    select * from {{ ref('reconciliation') }}
    where {{ in_stale_periods('reference_period') }}

),

inventory as (

    select
        reference_period,
        {% for column in emission_columns() -%}
            sum({{ column }}) as {{ column }},
        {% endfor -%}
        count(*) as row_count
    from reconciliation
    where bridge_line = 'inventory'
    group by reference_period

),

residue as (

    select * from reconciliation
    where bridge_line = 'residue'

),

solved as (

    select * from {{ ref('stg_solved__periods') }}
    where
        {{ in_stale_periods('reference_period') }}
        and is_solved

)

select
    solved.reference_period,
    {% for column in emission_columns() -%}
        residue.{{ column }},
    {% endfor -%}
    residue.followed_by
from solved
left join inventory
    on solved.reference_period = inventory.reference_period
left join residue
    on solved.reference_period = residue.reference_period
where
    residue.reference_period is null
    {% for column in emission_columns() -%}
        or abs(residue.{{ column }}) >= 1.0
        or abs(residue.{{ column }}) > 1e-9 * abs(inventory.{{ column }}) + 1e-9
    {% endfor -%}
