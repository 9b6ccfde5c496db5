"""The shape of a rule and of a finding: one SQL query each, told in words a plant person reads.

A rule's SQL selects what is *unexpected*: one row an offending cell, with `observed` and
`expected`, and either `reading_no` (the cell is looked up) or the finding's own location columns.
It may use `batch`, the rows Great Expectations judges, and any table of the round.
"""

from __future__ import annotations

from dataclasses import dataclass
from string import Formatter
from typing import Literal

import pyarrow as pa

from orchestration.lake.warehouse import Connection, quoted

Severity = Literal["critical", "warning", "info"]

FINDING_SCHEMA = pa.schema(
    [
        ("round", pa.string()),
        ("hand_in", pa.string()),
        ("source", pa.string()),
        ("rule_id", pa.string()),
        ("severity", pa.string()),
        ("source_file", pa.string()),
        ("source_sheet", pa.string()),
        ("source_cell", pa.string()),
        ("other_cells", pa.string()),
        ("period_month", pa.date32()),
        ("flow_id", pa.string()),
        ("process_id", pa.string()),
        ("observed", pa.string()),
        ("expected", pa.string()),
        ("tolerance", pa.float64()),
        ("message_en", pa.string()),
        ("message_zh", pa.string()),
        ("remedy_en", pa.string()),
        ("remedy_zh", pa.string()),
        ("waiver_reason", pa.string()),
        ("waived_by", pa.string()),
        ("waived_until", pa.date32()),
        ("caused_by", pa.string()),
    ]
)
WAIVER_COLUMNS = ("waiver_reason", "waived_by", "waived_until")
"""Null unless somebody answers for the finding in waivers.csv of the round."""

LOCATION = (
    "hand_in",
    "source",
    "source_file",
    "source_sheet",
    "source_cell",
    "period_month",
    "flow_id",
    "process_id",
)
LOOKED_UP = (*LOCATION, "item_text")


@dataclass(frozen=True)
class Rule:
    """One thing that must hold; `sql` selects the rows for which it does not.

    `waivable`: it leaves room for judgement, so a signed waiver may let a hand-in pass. What
    can't be read, counted or told apart never is.

    Messages may name {observed}, {expected}, {tolerance}, {item}, {month}, {flow}, {process},
    {hand_in}, {file}, {sheet} and {cell}; and {why}, for which the SQL selects `why_en` and
    `why_zh`.
    """

    rule_id: str
    severity: Severity
    title_en: str
    title_zh: str
    message_en: str
    message_zh: str
    remedy_en: str
    remedy_zh: str
    sql: str
    waivable: bool = False

    @property
    def query(self) -> str:
        """The rule as Great Expectations runs it; `{batch}` is what it judges."""
        return f"with batch as not materialized (select * from {{batch}})\n{self.sql.strip()}"

    def over(self, batch_table: str) -> str:
        """The same rule as a plain query over a table."""
        return self.query.format(batch=batch_table)


@dataclass(frozen=True)
class RuleResult:
    """What was found of one rule."""

    suite: str
    rule: Rule
    success: bool
    unexpected_count: int


class GateError(Exception):
    """The gate itself could not judge; nothing may be accepted on its word."""


def remedies(*cases: tuple[str, str, str]) -> str:
    """Columns with the remedy of each case: (condition, English, Chinese).

    Where no condition holds they are null, and the rule's own remedy is told.
    """
    columns = []
    for language, position in (("en", 1), ("zh", 2)):
        branches = " ".join(f"when {case[0]} then {quoted(case[position])}" for case in cases)
        columns.append(f"case {branches} end as remedy_{language}")
    return ", ".join(columns)


def _message_sql(template: str, language: str) -> str:
    """A message template as a SQL expression, so that a million findings cost one query."""
    values = {
        "observed": "coalesce(observed, '')",
        "expected": "coalesce(expected, '')",
        "tolerance": "coalesce(round(100 * tolerance, 4)::varchar, '')",
        "item": "coalesce(item_text, flow_id, '')",
        "month": "coalesce(strftime(period_month, '%Y-%m'), '')",
        "flow": f"coalesce(flow_name_{language}, flow_id, item_text, '')",
        "process": "coalesce(process_id, '')",
        "hand_in": "coalesce(hand_in, '')",
        "file": "coalesce(source_file, '')",
        "sheet": "coalesce(source_sheet, '')",
        "cell": "concat_ws('!', source_sheet, source_cell)",
        "why": f"coalesce(why_{language}, '')",
    }
    parts = []
    for text, name, _, _ in Formatter().parse(template):
        if text:
            parts.append(quoted(text))
        if name:
            parts.append(values[name])
    return f"concat({', '.join(parts)})"


def list_findings(
    connection: Connection, rule: Rule, batch_table: str, round_name: str | None
) -> pa.Table:
    """Every row a rule does not expect, as findings (FINDING_SCHEMA)."""
    unexpected = rule.over(batch_table)
    columns = {row[0] for row in connection.execute(f"describe {unexpected}").fetchall()}
    has_cell = "reading_no" in columns

    def located(name: str) -> str:
        own = f"u.{name}" if name in columns else None
        looked_up = f"g.{name}" if has_cell else None
        known = [part for part in (own, looked_up) if part]
        return f"coalesce({', '.join(known)}) as {name}" if known else f"null as {name}"

    def stated(name: str, otherwise: str) -> str:
        return f"coalesce({name}_stated, {otherwise})" if name in columns else otherwise

    given = ("message_en", "message_zh", "remedy_en", "remedy_zh", "severity")
    carried = "".join(f", u.{name} as {name}_stated" for name in given if name in columns)
    lookup = f"left join {batch_table} g on g.reading_no = u.reading_no" if has_cell else ""
    carried += "".join(
        f", {f'u.{name}' if name in columns else 'null'} as {name}" for name in ("why_en", "why_zh")
    )
    order = "g.reading_no" if has_cell else "u.hand_in"
    query = f"""
        with located as (
            select
                {", ".join(located(name) for name in LOOKED_UP)},
                {"u.rule_id" if "rule_id" in columns else quoted(rule.rule_id)} as rule_id,
                u.observed::varchar as observed, u.expected::varchar as expected,
                {"u.tolerance" if "tolerance" in columns else "null"}::double as tolerance,
                {"u.other_cells" if "other_cells" in columns else "null"} as other_cells
                {carried},
                row_number() over (order by {order}, u.observed) as finding_no
            from ({unexpected}) u {lookup}
        ),
        named as (
            select located.*, f.name_en as flow_name_en,
                coalesce(f.name_zh, f.name_en) as flow_name_zh
            from located left join flows f on f.flow_id = located.flow_id
        )
        select
            {quoted(round_name) if round_name else "null"} as round, hand_in, source, rule_id,
            {stated("severity", quoted(rule.severity))} as severity,
            source_file, source_sheet, source_cell, other_cells,
            period_month::date as period_month,
            flow_id, process_id, observed, expected, tolerance,
            {stated("message_en", _message_sql(rule.message_en, "en"))} as message_en,
            {stated("message_zh", _message_sql(rule.message_zh, "zh"))} as message_zh,
            {stated("remedy_en", quoted(rule.remedy_en))} as remedy_en,
            {stated("remedy_zh", quoted(rule.remedy_zh))} as remedy_zh,
            null as waiver_reason, null as waived_by, null as waived_until, null as caused_by
        from named order by finding_no
    """
    return connection.sql(query).to_arrow_table().cast(FINDING_SCHEMA)
