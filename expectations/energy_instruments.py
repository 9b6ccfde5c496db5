"""Certificates and contracts on electricity and heat: used once, retired, and really consumed."""

from __future__ import annotations

from expectations.rules import Rule

_CELL = "'instruments' as hand_in, source, flow_id, source_file, concat('L', source_line"

RULES = (
    Rule(
        "instrument_used_once",
        "critical",
        "A certificate is used once.",
        "每张证书只使用一次。",
        "{file} {cell}: the registry number “{observed}” is used twice or missing ({expected}).",
        "{file} {cell}：登记编号“{observed}”重复使用或缺失（{expected}）。",
        "Keep the certificate where it was used first; each line needs its own registry number.",
        "请仅保留首次使用；每行须有各自的登记编号。",
        f"""
        select {_CELL}, ':registry_id') as source_cell, coalesce(registry_id, 'blank') as observed,
            coalesce(concat('already used in round ', used_in), 'once in all rounds') as expected
        from (
            select *, count(*) over (partition by registry_id) as use_count,
                (select max(earlier.round) from gate_earlier_instrument earlier
                 where earlier.registry_id = gate_instrument.registry_id) as used_in
            from gate_instrument
        ) where registry_id is null or use_count > 1 or used_in is not null
        """,
    ),
    Rule(
        "instrument_numbers_free",
        "critical",
        "No certificate's numbers are among those of another.",
        "证书编号区间不得与其他证书重叠。",
        "{file} {cell}: the numbers {observed} overlap those of {expected}.",
        "{file} {cell}：编号 {observed} 与 {expected} 重叠。",
        "Keep each number where it was used first; state only the numbers that are retired here.",
        "每个编号仅保留首次使用；请只填写在此注销的编号。",
        f"""
        select {_CELL}, ':registry_id') as source_cell, registry_id as observed,
            others as expected
        from gate_instrument join (
            select own.source_line as line, string_agg(concat(other.registry_id, ' (',
                other.source_file, ' L', other.source_line, ')'), ', '
                order by other.source_file, other.source_line) as others
            from gate_certificate_numbers own join gate_certificate_numbers other
                on own.series = other.series and own.is_new
                and own.first_number <= other.last_number
                and other.first_number <= own.last_number
                and not (other.is_new and other.source_line = own.source_line)
                and own.registry_id <> other.registry_id
            group by all
        ) on line = source_line
        """,
    ),
    Rule(
        "instrument_numbers_counted",
        "critical",
        "A certificate is for as many MWh as it has numbers.",
        "证书电量（MWh）等于其编号个数。",
        "{file} {cell}: {observed} are stated, but the numbers are {expected}.",
        "{file} {cell}：填报 {observed}，而编号共 {expected} 个。",
        "Correct the quantity, its unit, or the numbers; each number is 1 MWh.",
        "请更正数量、单位或编号；每个编号为 1 MWh。",
        f"""
        select {_CELL}, ':quantity') as source_cell, concat(shown(mwh), ' MWh') as observed,
            number_count::varchar as expected,
            -- the rest of the numbers may be used elsewhere; more than there are can't be
            case when mwh > number_count then 'critical' else 'warning' end as severity
        from gate_instrument join (
            select source_line as line, mwh, number_count from gate_certificate_numbers
            where is_new and abs(mwh - number_count) > 1e-6 * number_count
        ) on line = source_line
        """,
        waivable=True,
    ),
    Rule(
        "instrument_complete",
        "critical",
        "A certificate says what was generated, where it counts and when.",
        "证书须注明电量、使用地点和发电期。",
        "{file} {cell}: “{observed}” where {expected} is expected.",
        "{file} {cell}：应为{expected}，实际为“{observed}”。",
        "Complete the line from the certificate itself.",
        "请按证书原件补全该行。",
        f"""
        select {_CELL}, ':', field) as source_cell, coalesce(stated, 'blank') as observed,
            wanted as expected
        from (
            select *, unnest([
                struct_pack(ok := canonical_quantity > 0, field := 'quantity',
                    stated := concat_ws(' ', quantity, unit),
                    wanted := 'a number above 0 and a unit of the flow'),
                struct_pack(ok := facility_id in (select facility_id from facilities),
                    field := 'facility_id', stated := facility_id,
                    wanted := 'a facility of company/facilities.csv'),
                struct_pack(ok := flow_id in (select flow_id from flows),
                    field := 'flow_id', stated := flow_id,
                    wanted := 'a flow of company/flows.csv'),
                struct_pack(ok := first_day is not null and last_day >= first_day,
                    field := 'generation_start',
                    stated := concat_ws(' to ', generation_start, generation_end),
                    wanted := 'first and last day of generation, YYYY-MM-DD')
            ], recursive := true)
            from gate_instrument
        ) where not coalesce(ok, false)
        """,
    ),
    Rule(
        "instrument_possible",
        "critical",
        "The emissions a certificate states per kWh are possible.",
        "证书注明的每千瓦时排放在物理可能范围内。",
        "{file} {cell}: “{observed}” where {expected} is expected.",
        "{file} {cell}：应为{expected}，实际为“{observed}”。",
        "State kg CO2 per kWh as the certificate does: not g per kWh, nor kg per MWh.",
        "请按证书填写每千瓦时的千克 CO2，而非 g/kWh 或 kg/MWh。",
        f"""
        select {_CELL}, ':kgco2_per_kwh') as source_cell, kgco2_per_kwh as observed,
            concat('a number from 0', ' to ' || shown(most)) as expected
        from gate_instrument left join gate_instrument_bound using (flow_id)
        where kgco2_per_kwh is not null and not coalesce(
            try_cast(kgco2_per_kwh as double) between 0 and coalesce(most, 'inf'::double), false)
        """,
    ),
    Rule(
        "instrument_within_metered",
        "critical",
        "Certificates never exceed the energy metered in their period.",
        "证书电量不得超过同期计量用量。",
        "{file} {cell}: instruments state {observed}, metered were {expected}.",
        "{file} {cell}：证书合计 {observed}，计量为 {expected}。",
        "Reduce the quantity used here, or assign the rest to the facility that consumed it.",
        "请减少此处使用的数量，或分配给实际用能的工厂。",
        f"""
        select {_CELL}, ':quantity') as source_cell,
            concat(shown(stated), ' ', unit_code) as observed,
            concat(shown(metered), ' ', unit_code) as expected
        from (
            select one.*, span.stated, span.metered, row_number() over (
                partition by one.source_line order by span.last_day - span.first_day) as span_no
            from gate_instrument one
                join gate_overclaimed span on span.facility_id = one.facility_id
                and span.flow_id = one.flow_id
                and one.first_day >= span.first_day and one.last_day <= span.last_day
        ) where span_no = 1
        """,
    ),
    Rule(
        "instrument_retired",
        "critical",
        "A certificate is retired for the company and not sold on as a reduction.",
        "证书须已注销、注明受益人，且未用于 CCER。",
        "{file} {cell}: “{observed}” where {expected} is expected.",
        "{file} {cell}：应为{expected}，实际为“{observed}”。",
        "Retire the certificate and enter date, beneficiary, technology and ccer_excluded = true.",
        "请注销证书并填写注销日期、受益人、技术类型及 ccer_excluded = true。",
        f"""
        select {_CELL}, ':', field) as source_cell, coalesce(stated, 'blank') as observed,
            wanted as expected
        from (
            select *, unnest([
                struct_pack(ok := try_cast(retired_on as date) is not null,
                    field := 'retired_on', stated := retired_on, wanted := 'the day it was retired'),
                struct_pack(ok := beneficiary is not null,
                    field := 'beneficiary', stated := beneficiary, wanted := 'the company'),
                struct_pack(ok := technology is not null,
                    field := 'technology', stated := technology, wanted := 'the technology'),
                struct_pack(ok := lower(ccer_excluded) in ('true', '1', 'yes'),
                    field := 'ccer_excluded', stated := ccer_excluded, wanted := 'true')
            ], recursive := true)
            from gate_instrument
        ) where not coalesce(ok, false)
        """,
    ),
)
