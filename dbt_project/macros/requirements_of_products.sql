{% macro requirements_of_products(also_by=[]) -%}
    {#-
        What one declared unit of a product needs of each process, out of what one unit of a market
        needs: a query over the CTEs product_periods, requirements, processes and facilities.
        `also_by`: further columns of the requirements that tell them apart.
    -#}
    {%- set columns = also_by + ['process_id', 'operation_period'] -%}
    select
        summed.product_id,
        summed.reference_period,
        processes.facility_id,
        {% for column in columns -%}
            summed.{{ column }},
        {% endfor -%}
        summed.requirement_per_declared_unit,
        -- emission lines hold the company's share of a site; a footprint is that of the whole site
        summed.requirement_per_declared_unit / nullif(facilities.consolidation_share, 0.0)
            as coefficient_per_declared_unit
    from (
        select
            product_periods.product_id,
            product_periods.reference_period,
            {% for column in columns -%}
                requirements.{{ column }},
            {% endfor -%}
            sum(
                product_periods.market_weight
                * requirements.requirement
                / product_periods.declared_units_per_unit
            ) as requirement_per_declared_unit
        from product_periods
        inner join requirements
            on
                product_periods.reference_period = requirements.reference_period
                and product_periods.flow_id = requirements.flow_id
                and product_periods.facility_id = requirements.facility_id
        group by
            product_periods.product_id,
            product_periods.reference_period
            {%- for column in columns -%}
                , requirements.{{ column }}
            {%- endfor %}
    ) as summed
    inner join processes
        on summed.process_id = processes.process_id
    inner join facilities
        on processes.facility_id = facilities.facility_id
{%- endmacro %}
