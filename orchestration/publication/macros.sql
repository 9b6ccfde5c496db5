{% import 'decomposition.sql' as decomposition %}
-- The first questions to the marts, as table macros. Each reads the marts of the schema in use and
-- nothing else. They are stored in marts.duckdb too, for clients from DuckDB 1.0 on, hence:
-- no `with` and no window functions (1.4 can't read either from a macro stored for 1.0), and no
-- parameter named like a column, whose place it would take.
-- The last branch of a macro refuses what isn't there: an empty answer would read like "nothing".

-- trace(result_id): which cells and factors make a figure of emissions_by_process or
-- emissions_by_stage. On each basis part_kgco2e adds up to the figure.
create or replace macro trace(figure) as table
select
    lineage.basis,
    lineage.process_id,
    lineage.flow_id,
    lineage.component,
    lineage.source_file,
    lineage.source_sheet,
    lineage.source_cell,
    lineage.value_text,
    lineage.unit_text,
    lineage.coefficient_kgco2e_per_cell_unit,
    lineage.part_kgco2e,
    lineage.factor_version_id,
    lineage.match_level,
    sources.publisher,
    sources.source_title,
    sources.source_locator
from lineage
left join (
    select
        factor_version_id,
        component,
        min(publisher) as publisher,
        min(source_title) as source_title,
        min(source_locator) as source_locator
    from emission_factors
    group by factor_version_id, component
) as sources
    on
        lineage.factor_version_id = sources.factor_version_id
        and lineage.component = sources.component
where lineage.result_id in (
    select processes.result_id
    from emissions_by_process as processes
    left join emissions_by_stage as stages
        on
            processes.facility_id = stages.facility_id
            and processes.stage_code = stages.stage_code
            and processes.period_month = stages.period_month
            and processes.ghg_category = stages.ghg_category
    where processes.result_id = figure or stages.result_id = figure
)
union all by name
select null as basis
from (
    select
        (select count(*) from emissions_by_process where result_id = figure)
        + (select count(*) from emissions_by_stage where result_id = figure) as found_count
) as known
where case
    when known.found_count = 0
        then cast(error('trace: no figure has the result_id ' || figure) as boolean)
    else false
end
order by basis, part_kgco2e desc;

-- explain_product(product_id, period := '2021'): what the footprint of one declared unit is made
-- of, cut-off, cradle to grave; without a period, the product's newest calendar year.
-- The rows add up to the footprint.
create or replace macro explain_product(product, period := null) as table
select
    parts.reference_period,
    parts.life_cycle_stage,
    parts.origin,
    parts.process_id,
    parts.flow_id,
    parts.component,
    parts.market,
    parts.treatment,
    parts.location_based_kgco2e_per_declared_unit,
    parts.market_based_kgco2e_per_declared_unit,
    parts.location_based_kgco2e_per_declared_unit / nullif((
        select sum(whole.location_based_kgco2e_per_declared_unit)
        from product_contributions as whole
        where
            whole.product_id = parts.product_id
            and whole.method = 'cut_off'
            and whole.reference_period = parts.reference_period
    ), 0) as location_based_share,
    parts.location_based_primary_share,
    parts.estimated_share
from product_contributions as parts
where
    parts.product_id = product
    and parts.method = 'cut_off'
    and parts.reference_period = coalesce(period, (
        select max(years.reference_period)
        from product_contributions as years
        where years.product_id = product and length(years.reference_period) = 4
    ))
union all by name
select null as reference_period
from (
    select count(*) as found_count
    from product_contributions
    where product_id = product and reference_period = coalesce(period, reference_period)
) as known
where case
    when known.found_count = 0
        then cast(
            error(
                'explain_product: no footprint of ' || product
                || coalesce(' in ' || period, ' in any period')
            ) as boolean
        )
    else false
end
order by location_based_kgco2e_per_declared_unit desc;

-- product_cells(product_id, reference_period): which cells and factors make a product's footprint.
-- The rows add up to its inventory; what is assumed after the sale is in explain_product.
create or replace macro product_cells(product, period) as table
select
    lines.basis,
    lines.source_file,
    lines.source_sheet,
    lines.source_cell,
    lines.value_text,
    lines.unit_text,
    lines.flow_id,
    lines.component,
    lines.factor_version_id,
    coefficients.origin,
    sum(coefficients.coefficient_per_declared_unit * lines.part_kgco2e) as kgco2e_per_declared_unit
from product_coefficients as coefficients
inner join lineage as lines
    on
        coefficients.process_id = lines.process_id
        and coefficients.flow_id = lines.flow_id
        and coefficients.component = lines.component
        and coefficients.period_month = lines.period_month
        and (
            coefficients.origin = 'requirement'
            or coefficients.freight_document = lines.freight_document
        )
where coefficients.product_id = product and coefficients.reference_period = period
group by
    lines.basis, lines.source_file, lines.source_sheet, lines.source_cell, lines.value_text,
    lines.unit_text, lines.flow_id, lines.component, lines.factor_version_id, coefficients.origin
union all by name
select null as basis
from (
    select count(*) as found_count
    from product_coefficients
    where product_id = product and reference_period = period
) as known
where case
    when known.found_count = 0
        then cast(
            error('product_cells: no footprint of ' || product || ' in ' || period) as boolean
        )
    else false
end
order by basis, kgco2e_per_declared_unit desc;

-- what_if(source_file, source_sheet, source_cell, change_share): by how much the inventory (kgco2e)
-- and each product (kgco2e/declared unit) move when the number in a cell changes by that share
-- (0.01 is 1 %) and its emissions with it; the sheet of a text file is null. Who takes what from
-- whom stays as solved: a cell that measures what a process makes or passes on moves products
-- further, and `carbonloom what-if` calculates that.
create or replace macro what_if(file, sheet, cell, change_share) as table
select
    'inventory' as figure,
    facility_id as subject,
    substr(cast(period_month as varchar), 1, 7) as reference_period,
    basis,
    'kgco2e' as unit,
    change_share * sum(part_kgco2e) as change_kgco2e
from lineage
where
    source_file = file
    and source_cell = cell
    and coalesce(source_sheet, '') = coalesce(sheet, '')
group by facility_id, period_month, basis
union all
select
    'product' as figure,
    coefficients.product_id as subject,
    coefficients.reference_period,
    lines.basis,
    'kgco2e/declared unit' as unit,
    change_share
    * sum(coefficients.coefficient_per_declared_unit * lines.part_kgco2e) as change_kgco2e
from lineage as lines
inner join product_coefficients as coefficients
    on
        lines.process_id = coefficients.process_id
        and lines.flow_id = coefficients.flow_id
        and lines.component = coefficients.component
        and lines.period_month = coefficients.period_month
        and (
            coefficients.origin = 'requirement'
            or coefficients.freight_document = lines.freight_document
        )
where
    lines.source_file = file
    and lines.source_cell = cell
    and coalesce(lines.source_sheet, '') = coalesce(sheet, '')
group by coefficients.product_id, coefficients.reference_period, lines.basis
union all
select null, null, null, null, null, null
from (
    select count(*) as found_count
    from lineage
    where
        source_file = file
        and source_cell = cell
        and coalesce(source_sheet, '') = coalesce(sheet, '')
) as known
where case
    when known.found_count = 0
        then cast(
            error(
                'what_if: no emissions come from cell ' || cell
                || coalesce(' of sheet ' || sheet, '') || ' of ' || file
            ) as boolean
        )
    else false
end
order by figure, subject, reference_period, basis;

-- what_if_factor(factor_version_id, change_share): the same for an emission factor, with what is
-- assumed after the sale (cut-off).
create or replace macro what_if_factor(factor, change_share) as table
select
    'inventory' as figure,
    facility_id as subject,
    substr(cast(period_month as varchar), 1, 7) as reference_period,
    basis,
    'kgco2e' as unit,
    change_share * sum(part_kgco2e) as change_kgco2e
from lineage
where factor_version_id = factor
group by facility_id, period_month, basis
union all
select
    'product' as figure,
    moved.product_id as subject,
    moved.reference_period,
    moved.basis,
    'kgco2e/declared unit' as unit,
    change_share * sum(moved.kgco2e) as change_kgco2e
from (
    select
        coefficients.product_id,
        coefficients.reference_period,
        lines.basis,
        coefficients.coefficient_per_declared_unit * lines.part_kgco2e as kgco2e
    from lineage as lines
    inner join product_coefficients as coefficients
        on
            lines.process_id = coefficients.process_id
            and lines.flow_id = coefficients.flow_id
            and lines.component = coefficients.component
            and lines.period_month = coefficients.period_month
            and (
                coefficients.origin = 'requirement'
                or coefficients.freight_document = lines.freight_document
            )
    where lines.factor_version_id = factor
    union all
    select
        product_id,
        reference_period,
        'location_based' as basis,
        location_based_kgco2e_per_declared_unit as kgco2e
    from product_contributions
    where factor_version_id = factor and method = 'cut_off'
    union all
    select
        product_id,
        reference_period,
        'market_based' as basis,
        market_based_kgco2e_per_declared_unit as kgco2e
    from product_contributions
    where factor_version_id = factor and method = 'cut_off'
) as moved
group by moved.product_id, moved.reference_period, moved.basis
union all
select null, null, null, null, null, null
from (
    select
        (select count(*) from lineage where factor_version_id = factor)
        + (select count(*) from product_contributions where factor_version_id = factor)
            as found_count
) as known
where case
    when known.found_count = 0
        then cast(error('what_if_factor: no figure uses the factor ' || factor) as boolean)
    else false
end
order by figure, subject, reference_period, basis;

-- compare(round_a, round_b): what two rounds handed in, by process and category, in kgco2e a month
-- of the round (the first covers a year, later ones a month), biggest change first.
create or replace macro compare(round_a, round_b) as table
select *
from (
    select
        sums.facility_id,
        sums.stage_code,
        sums.process_id,
        sums.ghg_scope,
        sums.ghg_category,
        months.month_count_a,
        months.month_count_b,
        sums.location_a / months.month_count_a as location_a_kgco2e_per_month,
        sums.location_b / months.month_count_b as location_b_kgco2e_per_month,
        sums.location_b / months.month_count_b
        - sums.location_a / months.month_count_a as location_change_kgco2e_per_month,
        sums.market_a / months.month_count_a as market_a_kgco2e_per_month,
        sums.market_b / months.month_count_b as market_b_kgco2e_per_month,
        sums.market_b / months.month_count_b
        - sums.market_a / months.month_count_a as market_change_kgco2e_per_month
    from (
        select
            figures.facility_id,
            figures.stage_code,
            figures.process_id,
            figures.ghg_scope,
            figures.ghg_category,
            sum(case
                when lineage.round = round_a and lineage.basis = 'location_based'
                    then lineage.part_kgco2e
                else 0
            end) as location_a,
            sum(case
                when lineage.round = round_b and lineage.basis = 'location_based'
                    then lineage.part_kgco2e
                else 0
            end) as location_b,
            sum(case
                when lineage.round = round_a and lineage.basis = 'market_based'
                    then lineage.part_kgco2e
                else 0
            end) as market_a,
            sum(case
                when lineage.round = round_b and lineage.basis = 'market_based'
                    then lineage.part_kgco2e
                else 0
            end) as market_b
        from lineage
        inner join emissions_by_process as figures
            on lineage.result_id = figures.result_id
        where lineage.round in (round_a, round_b)
        group by
            figures.facility_id, figures.stage_code, figures.process_id, figures.ghg_scope,
            figures.ghg_category
    ) as sums
    cross join (
        select
            count(distinct case when round = round_a then period_month end) as month_count_a,
            count(distinct case when round = round_b then period_month end) as month_count_b
        from lineage
    ) as months
    union all by name
    select null as facility_id
    from (
        select
            count(case when round = round_a then 1 end) as count_a,
            count(case when round = round_b then 1 end) as count_b
        from lineage
    ) as known
    where case
        when known.count_a = 0
            then cast(error('compare: no cell in force is from round ' || round_a) as boolean)
        when known.count_b = 0
            then cast(error('compare: no cell in force is from round ' || round_b) as boolean)
        else false
    end
) as answer
order by abs(location_change_kgco2e_per_month) desc;

-- compare_products(period_a, period_b): which parts moved products from one month or year to
-- another, cut-off, kgco2e of one declared unit, by product and biggest change first.
create or replace macro compare_products(period_a, period_b) as table
select *
from (
    select
        sums.product_id,
        sums.life_cycle_stage,
        sums.process_id,
        sums.flow_id,
        sums.location_a_kgco2e_per_declared_unit,
        sums.location_b_kgco2e_per_declared_unit,
        sums.location_b_kgco2e_per_declared_unit
        - sums.location_a_kgco2e_per_declared_unit as location_change_kgco2e_per_declared_unit,
        sums.market_a_kgco2e_per_declared_unit,
        sums.market_b_kgco2e_per_declared_unit,
        sums.market_b_kgco2e_per_declared_unit
        - sums.market_a_kgco2e_per_declared_unit as market_change_kgco2e_per_declared_unit
    from (
        select
            product_id,
            life_cycle_stage,
            process_id,
            flow_id,
            sum(case
                when reference_period = period_a then location_based_kgco2e_per_declared_unit else 0
            end) as location_a_kgco2e_per_declared_unit,
            sum(case
                when reference_period = period_b then location_based_kgco2e_per_declared_unit else 0
            end) as location_b_kgco2e_per_declared_unit,
            sum(case
                when reference_period = period_a then market_based_kgco2e_per_declared_unit else 0
            end) as market_a_kgco2e_per_declared_unit,
            sum(case
                when reference_period = period_b then market_based_kgco2e_per_declared_unit else 0
            end) as market_b_kgco2e_per_declared_unit
        from product_contributions
        where method = 'cut_off' and reference_period in (period_a, period_b)
        group by product_id, life_cycle_stage, process_id, flow_id
    ) as sums
    union all by name
    select null as product_id
    from (
        select
            count(case when reference_period = period_a then 1 end) as count_a,
            count(case when reference_period = period_b then 1 end) as count_b
        from product_contributions
    ) as known
    where case
        when known.count_a = 0
            then cast(error('compare_products: nothing is solved in ' || period_a) as boolean)
        when known.count_b = 0
            then cast(error('compare_products: nothing is solved in ' || period_b) as boolean)
        else false
    end
) as answer
order by product_id, abs(location_change_kgco2e_per_declared_unit) desc;

-- explain_change(period_a, period_b): why emissions moved from one month or year to another, line
-- by line on both bases, in terms that add up to the change as in variance_explained. Two years
-- are compared in the months that both have.
create or replace macro explain_change(period_a, period_b) as table
select *
from (
    select
        weighted.facility_id,
        weighted.process_id,
        weighted.flow_id,
        weighted.direction,
        weighted.component,
        weighted.ghg_scope,
        weighted.ghg_category,
        weighted.basis,
        weighted.older_value,
        weighted.newer_value,
        weighted.newer_value - weighted.older_value as change,
        {{ decomposition.change_columns([
            'activity', 'structure', 'intensity', 'factor', 'new', 'ended', 'method', 'boundary'
        ]) }}
    from (
        select
            limited.*,
            {{ decomposition.change_weight() }} as weight
        from (
            select
                sums.*,
                {{ decomposition.only_term() }} as only_term,
                case when sums.output_ratio > 0 then sums.site_output_ratio end as activity_ratio,
                sums.output_ratio / coalesce(sums.site_output_ratio, 1) as structure_ratio
            from (
                select
                    lines.facility_id,
                    lines.process_id,
                    lines.flow_id,
                    lines.direction,
                    lines.component,
                    bases.basis,
                    max(lines.ghg_scope) as ghg_scope,
                    max(lines.ghg_category) as ghg_category,
                    max(sites.output_ratio) as site_output_ratio,
                    max(processes.output_ratio) as output_ratio,
                    case
                        when max(sites.side_count) = 1 then 'boundary'
                        when count(case when sides.side = 'older' then 1 end) = 0 then 'new'
                        when count(case when sides.side = 'newer' then 1 end) = 0 then 'ended'
                    end as whole_term,
                    sum(case when sides.side = 'older' then lines.quantity else 0 end)
                        as older_quantity,
                    sum(case when sides.side = 'newer' then lines.quantity else 0 end)
                        as newer_quantity,
                    sum(case
                        when sides.side = 'newer' then 0
                        when bases.basis = 'location_based' then lines.location_based_kgco2e
                        else lines.market_based_kgco2e
                    end) as older_value,
                    sum(case
                        when sides.side = 'older' then 0
                        when bases.basis = 'location_based' then lines.location_based_kgco2e
                        else lines.market_based_kgco2e
                    end) as newer_value,
                    coalesce(
                        min(case when sides.side = 'older' then lines.factor_origin end)
                        <> min(case when sides.side = 'newer' then lines.factor_origin end)
                        or max(case when sides.side = 'older' then lines.factor_origin end)
                        <> max(case when sides.side = 'newer' then lines.factor_origin end),
                        false
                    ) as is_of_another_method
                from emission_lines as lines
                inner join (
                    select distinct period_month, 'older' as side
                    from emission_lines
                    where
                        starts_with(cast(period_month as varchar), period_a)
                        and (
                            length(period_a) = 7
                            or month(period_month) in (
                                select month(others.period_month)
                                from emission_lines as others
                                where starts_with(cast(others.period_month as varchar), period_b)
                            )
                        )
                    union all
                    select distinct period_month, 'newer' as side
                    from emission_lines
                    where
                        starts_with(cast(period_month as varchar), period_b)
                        and (
                            length(period_b) = 7
                            or month(period_month) in (
                                select month(others.period_month)
                                from emission_lines as others
                                where starts_with(cast(others.period_month as varchar), period_a)
                            )
                        )
                ) as sides
                    on lines.period_month = sides.period_month
                inner join (
                    select
                        made.facility_id,
                        count(distinct made_sides.side) as side_count,
                        case
                            when
                                sum(case when made_sides.side = 'older' then made.output_kg end) > 0
                                and sum(
                                    case when made_sides.side = 'newer' then made.output_kg end
                                ) > 0
                                then
                                    {{ decomposition.ratio(
                                        "sum(case when made_sides.side = 'newer' then made.output_kg end)",
                                        "sum(case when made_sides.side = 'older' then made.output_kg end)"
                                    ) }}
                        end as output_ratio
                    from (
                        select facility_id, period_month, max(site_output_kg) as output_kg
                        from emission_lines
                        group by facility_id, period_month
                    ) as made
                    inner join (
                        select distinct period_month, 'older' as side
                        from emission_lines
                        where
                            starts_with(cast(period_month as varchar), period_a)
                            and (
                                length(period_a) = 7
                                or month(period_month) in (
                                    select month(others.period_month)
                                    from emission_lines as others
                                    where starts_with(cast(others.period_month as varchar), period_b)
                                )
                            )
                        union all
                        select distinct period_month, 'newer' as side
                        from emission_lines
                        where
                            starts_with(cast(period_month as varchar), period_b)
                            and (
                                length(period_b) = 7
                                or month(period_month) in (
                                    select month(others.period_month)
                                    from emission_lines as others
                                    where starts_with(cast(others.period_month as varchar), period_a)
                                )
                            )
                    ) as made_sides
                        on made.period_month = made_sides.period_month
                    group by made.facility_id
                ) as sites
                    on lines.facility_id = sites.facility_id
                inner join (
                    select
                        made.process_id,
                        case
                            when
                                min(made.output_unit_code) = max(made.output_unit_code)
                                and sum(
                                    case when made_sides.side = 'older' then made.output end
                                ) > 0
                                and sum(
                                    case when made_sides.side = 'newer' then made.output end
                                ) > 0
                                then
                                    {{ decomposition.ratio(
                                        "sum(case when made_sides.side = 'newer' then made.output end)",
                                        "sum(case when made_sides.side = 'older' then made.output end)"
                                    ) }}
                        end as output_ratio
                    from (
                        select
                            process_id,
                            period_month,
                            max(output_quantity) as output,
                            max(output_unit_code) as output_unit_code
                        from emission_lines
                        group by process_id, period_month
                    ) as made
                    inner join (
                        select distinct period_month, 'older' as side
                        from emission_lines
                        where
                            starts_with(cast(period_month as varchar), period_a)
                            and (
                                length(period_a) = 7
                                or month(period_month) in (
                                    select month(others.period_month)
                                    from emission_lines as others
                                    where starts_with(cast(others.period_month as varchar), period_b)
                                )
                            )
                        union all
                        select distinct period_month, 'newer' as side
                        from emission_lines
                        where
                            starts_with(cast(period_month as varchar), period_b)
                            and (
                                length(period_b) = 7
                                or month(period_month) in (
                                    select month(others.period_month)
                                    from emission_lines as others
                                    where starts_with(cast(others.period_month as varchar), period_a)
                                )
                            )
                    ) as made_sides
                        on made.period_month = made_sides.period_month
                    group by made.process_id
                ) as processes
                    on lines.process_id = processes.process_id
                cross join (
                    select 'location_based' as basis
                    union all
                    select 'market_based' as basis
                ) as bases
                group by
                    lines.facility_id, lines.process_id, lines.flow_id, lines.direction,
                    lines.component, bases.basis
            ) as sums
            where sums.older_value <> 0 or sums.newer_value <> 0
        ) as limited
    ) as weighted
    union all by name
    select null as facility_id
    from (
        select
            count(case when starts_with(cast(period_month as varchar), period_a) then 1 end)
                as count_a,
            count(case when starts_with(cast(period_month as varchar), period_b) then 1 end)
                as count_b
        from emission_lines
    ) as known
    where case
        when length(period_a) <> length(period_b) or length(period_a) not in (4, 7)
            then cast(
                error('explain_change: name two months, YYYY-MM, or two years, YYYY') as boolean
            )
        when known.count_a = 0
            then cast(error('explain_change: no emissions are known of ' || period_a) as boolean)
        when known.count_b = 0
            then cast(error('explain_change: no emissions are known of ' || period_b) as boolean)
        else false
    end
) as answer
order by basis, abs(change) desc;

-- explain_product_change(product_id, period_a, period_b): why the cut-off footprint of one declared
-- unit moved from one month or year to another, line by line on both bases: what is needed of the
-- process, what that takes per output, and what the flow emits. The terms add up to the change.
create or replace macro explain_product_change(product, period_a, period_b) as table
select *
from (
    select
        weighted.process_id,
        weighted.flow_id,
        weighted.component,
        weighted.basis,
        weighted.older_value,
        weighted.newer_value,
        weighted.newer_value - weighted.older_value as change,
        {{ decomposition.change_columns([
            'requirement', 'intensity', 'factor', 'new', 'ended', 'undivided'
        ]) }}
    from (
        select
            limited.*,
            {{ decomposition.change_weight() }} as weight
        from (
            select
                sums.*,
                {{ decomposition.only_term() }} as only_term,
                {{ decomposition.ratio('sums.newer_output', 'sums.older_output') }}
                    as requirement_ratio,
                {{ decomposition.ratio('sums.newer_output', 'sums.older_output') }} as output_ratio
            from (
                select
                    parts.process_id,
                    parts.flow_id,
                    parts.component,
                    bases.basis,
                    false as is_of_another_method,
                    case
                        when count(needed.quantity) = 0 then 'undivided'
                        when count(case when parts.reference_period = period_a then 1 end) = 0
                            then 'new'
                        when count(case when parts.reference_period = period_b then 1 end) = 0
                            then 'ended'
                        when
                            count(
                                case when parts.reference_period = period_a then needed.quantity end
                            ) = 0
                            or count(
                                case when parts.reference_period = period_b then needed.quantity end
                            ) = 0
                            then 'undivided'
                    end as whole_term,
                    max(case when parts.reference_period = period_a then needed.quantity end)
                        as older_quantity,
                    max(case when parts.reference_period = period_b then needed.quantity end)
                        as newer_quantity,
                    max(case when parts.reference_period = period_a then operations.output end)
                        as older_output,
                    max(case when parts.reference_period = period_b then operations.output end)
                        as newer_output,
                    sum(case
                        when parts.reference_period = period_b then 0
                        when bases.basis = 'location_based'
                            then parts.location_based_kgco2e_per_declared_unit
                        else parts.market_based_kgco2e_per_declared_unit
                    end) as older_value,
                    sum(case
                        when parts.reference_period = period_a then 0
                        when bases.basis = 'location_based'
                            then parts.location_based_kgco2e_per_declared_unit
                        else parts.market_based_kgco2e_per_declared_unit
                    end) as newer_value
                from product_contributions as parts
                cross join (
                    select 'location_based' as basis
                    union all
                    select 'market_based' as basis
                ) as bases
                left join (
                    select
                        coefficients.reference_period,
                        coefficients.process_id,
                        coefficients.flow_id,
                        coefficients.component,
                        sum(coefficients.coefficient_per_declared_unit * lines.quantity) as quantity
                    from product_coefficients as coefficients
                    inner join emission_lines as lines
                        on
                            coefficients.process_id = lines.process_id
                            and coefficients.flow_id = lines.flow_id
                            and coefficients.component = lines.component
                            and coefficients.period_month = lines.period_month
                    where
                        coefficients.product_id = product
                        and coefficients.origin = 'requirement'
                        and coefficients.reference_period in (period_a, period_b)
                    group by
                        coefficients.reference_period, coefficients.process_id,
                        coefficients.flow_id, coefficients.component
                ) as needed
                    on
                        parts.reference_period = needed.reference_period
                        and parts.process_id = needed.process_id
                        and parts.flow_id = needed.flow_id
                        and parts.component = needed.component
                        and parts.origin = 'inventory'
                left join (
                    select
                        used.reference_period,
                        used.process_id,
                        sum(used.coefficient_per_declared_unit * made.output) as output
                    from (
                        select distinct
                            reference_period,
                            process_id,
                            period_month,
                            coefficient_per_declared_unit
                        from product_coefficients
                        where
                            product_id = product
                            and origin = 'requirement'
                            and reference_period in (period_a, period_b)
                    ) as used
                    inner join (
                        select process_id, period_month, max(output_quantity) as output
                        from emission_lines
                        group by process_id, period_month
                    ) as made
                        on
                            used.process_id = made.process_id
                            and used.period_month = made.period_month
                    group by used.reference_period, used.process_id
                ) as operations
                    on
                        parts.reference_period = operations.reference_period
                        and parts.process_id = operations.process_id
                        and parts.origin = 'inventory'
                where
                    parts.product_id = product
                    and parts.method = 'cut_off'
                    and parts.reference_period in (period_a, period_b)
                group by parts.process_id, parts.flow_id, parts.component, bases.basis
            ) as sums
            where sums.older_value <> 0 or sums.newer_value <> 0
        ) as limited
    ) as weighted
    union all by name
    select null as process_id
    from (
        select
            count(case when reference_period = period_a then 1 end) as count_a,
            count(case when reference_period = period_b then 1 end) as count_b
        from product_contributions
        where product_id = product
    ) as known
    where case
        when known.count_a = 0
            then cast(
                error(
                    'explain_product_change: no footprint of ' || product || ' in ' || period_a
                ) as boolean
            )
        when known.count_b = 0
            then cast(
                error(
                    'explain_product_change: no footprint of ' || product || ' in ' || period_b
                ) as boolean
            )
        else false
    end
) as answer
order by basis, abs(change) desc;
