"""What a run did, on screen: hand-ins and their states, findings, emissions, where things lie."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from expectations.folding import name_of
from orchestration.calculation.product_figures import (
    FOOTPRINTS_SHOWN,
    FootprintSummary,
    largest_residue,
    newest_footprints,
    same_in_other_periods,
)
from orchestration.calculation.solving import CRITICAL, finding_rows
from orchestration.company.data_folder import DataFolder
from orchestration.gate.factors import NAME as FACTORS
from orchestration.lake.paths import Lake
from orchestration.lake.warehouse import MARTS_FILE, Warehouse, published_marts, tables_in

STATE_STYLE = {
    "accepted": "green",
    "accepted_with_warnings": "yellow",
    "refused": "red",
    "missing": "red",
}
FINDINGS_SHOWN = 40
CELLS_SHOWN = 5


def print_verdicts(
    console: Console, data: DataFolder, warehouse: Path, rounds: Sequence[str]
) -> None:
    """Print what the gate said, before anything is calculated: each hand-in, refusals first."""
    lake = Lake(warehouse)
    libraries, verdicts = _verdicts(lake, rounds)
    if verdicts:
        console.print(_hand_ins(data, verdicts))
    for row in _refused([*libraries, *verdicts]):
        _print_findings(console, lake, row)
    _print_library_warnings(console, lake, libraries)
    for row in verdicts:
        if row["state"] == "accepted_with_warnings":
            _print_warnings(console, lake, row)
    _print_round_findings(console, lake, rounds)


def print_summary(
    console: Console, data: DataFolder, warehouse: Path, rounds: Sequence[str], published: bool
) -> bool:
    """Print what was calculated, behind the verdicts; returns whether every hand-in passed."""
    lake = Lake(warehouse)
    libraries, verdicts = _verdicts(lake, rounds)
    refused = _refused([*libraries, *verdicts])
    if not published:
        _print_returned(console, lake, verdicts)
        _print_missing_factors(console, lake)
        return False
    _print_calculated(console, lake, rounds)
    _print_returned(console, lake, verdicts)
    console.print(_emissions(lake))
    _print_gaps(console, refused)
    _print_products(console, lake)
    solvable = _print_product_findings(console, lake)
    _print_places(console, lake)
    return not refused and solvable


def _verdicts(
    lake: Lake, rounds: Sequence[str]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Of factor libraries, and of the hand-ins of the rounds."""
    return lake.verdict_rows(FACTORS), [row for name in rounds for row in lake.verdict_rows(name)]


def _refused(verdicts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in verdicts if row["state"] in ("refused", "missing")]


def _print_returned(console: Console, lake: Lake, verdicts: Sequence[dict[str, Any]]) -> None:
    """Where the marked workbooks lie that go back to their authors."""
    folders = [lake.returned(name) for name in {row["round"]: None for row in verdicts}]
    count = sum(path.is_file() for folder in folders for path in folder.rglob("*"))
    if count:
        words = f"{count} hand-ins with something to look at, marked for their authors: "
        words += f"{lake.path / 'returned'}"
        console.print(words, markup=False, highlight=False, soft_wrap=True)


def _print_gaps(console: Console, refused: Sequence[dict[str, Any]]) -> None:
    """What the figures above do not hold, so that nobody takes them for complete."""
    gaps = [
        f"{row['hand_in']} ({row['round']})"
        for row in refused
        if row["round"] and row["revision_in_force"] is None
    ]
    if gaps:
        console.print(
            "[red]Incomplete[/]: these figures hold nothing of " + escape(", ".join(gaps)) + ".",
            soft_wrap=True,
        )


def _print_missing_factors(console: Console, lake: Lake) -> None:
    """Why a build stops most often: a flow without a factor valid in the month."""
    for words in _words_on_missing_factors(lake):
        console.print(f"  {words}", markup=False, highlight=False, soft_wrap=True)
    for row in _rows_of(lake, "int_missing_scenario_factors"):
        console.print(
            f"  {row['flow_id']}: {row['problem']} ({row['subject']}, {row['market']}, "
            f"{row['reference_period']}). Correct company/{row['stated_in']}, or add the factor "
            "to emission_factors/.",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )


def _words_on_missing_factors(lake: Lake) -> list[str]:
    """One text for each flow, component, site and reason: months, a cell, and what there is."""
    place = ("flow_id", "component", "facility_id")
    unfit: dict[tuple[Any, ...], list[str]] = {}
    for row in _rows_of(lake, "int_unfit_factors"):
        key = (*(row[name] for name in place), row["period_month"])
        unfit.setdefault(key, []).append(f"{row['factor_version_id']} {row['why_not']}")
    grouped: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in missing_factors(lake):
        key = tuple(row[name] for name in place)
        grouped.setdefault((*key, *unfit.get((*key, row["period_month"]), [])), []).append(row)
    texts = []
    for (flow_id, component, facility_id, *reasons), rows in grouped.items():
        there_is = f"There is: {'; '.join(reasons)}." if reasons else "No library has any for it."
        texts.append(
            f"{flow_id}: no emission factor for its component {component} at {facility_id} is "
            f"valid on {', '.join(str(row['period_month']) for row in rows)} "
            f"({rows[0]['first_cell']}). {there_is} Add one to emission_factors/, or correct the "
            "component in company/flows.csv."
        )
    return texts


def missing_factors(lake: Lake) -> list[dict[str, Any]]:
    """Flows, components, sites and months that lack a factor in the working file."""
    return _rows_of(lake, "int_missing_factors")


def _rows_of(lake: Lake, model: str) -> list[dict[str, Any]]:
    """Rows of an intermediate model of the working file; none before it was built."""
    if not Warehouse(lake).is_built:
        return []
    with Warehouse(lake).reading() as connection:
        if model not in tables_in(connection, "intermediate"):
            return []
        rows = connection.sql(f"select * from intermediate.{model} order by all")
        return rows.to_arrow_table().to_pylist()


def _hand_ins(data: DataFolder, verdicts: Sequence[dict[str, Any]]) -> Table:
    name = data.company.settings["name_en"]
    title = f"{escape(name)}: what was handed in"
    table = Table(title=title, title_justify="left", box=SIMPLE, pad_edge=False)
    for heading in ("Round", "Hand-in", "State"):
        table.add_column(heading, no_wrap=True)
    for heading in ("Rows", "Revision"):
        table.add_column(heading, justify="right")
    before = None
    for row in verdicts:
        shown = row["round"] if row["round"] != before else ""
        before = row["round"]
        table.add_row(
            escape(shown),
            escape(row["hand_in"]),
            f"[{STATE_STYLE[row['state']]}]{_state(row)}[/]",
            f"{row['row_count']:,}",
            str(row["revision_in_force"] or "none"),
        )
    return table


def _state(verdict: dict[str, Any]) -> str:
    critical, warnings = verdict["critical_count"], verdict["warning_count"]
    signed_for = {"waived": verdict["waived_count"], "corrected": verdict["correction_count"]}
    counts = {
        "critical": critical if verdict["state"] == "refused" else 0,
        "to see": warnings if verdict["state"] == "accepted_with_warnings" else 0,
        **signed_for,
    }
    told = [f"{count} {what}" for what, count in counts.items() if count]
    return ", ".join([verdict["state"].partition("_")[0], *told])


def _print_findings(console: Console, lake: Lake, verdict: dict[str, Any]) -> None:
    findings = [
        row
        for row in lake.finding_rows(verdict["round"] or FACTORS)
        if row["hand_in"] == verdict["hand_in"] and row["severity"] == "critical"
    ]
    kept = verdict["revision_in_force"]
    console.print(
        f"\n[red]{verdict['state']}[/]: {escape(verdict['hand_in'])}"
        + (f" in round {verdict['round']}; " if verdict["round"] else "; ")
        + (f"revision {kept} stays in force" if kept else "only what passed before is in force"),
        soft_wrap=True,
    )
    _print_rows(console, findings)


def _print_library_warnings(
    console: Console, lake: Lake, libraries: Sequence[dict[str, Any]]
) -> None:
    """Warnings on factor libraries that passed; those of a refused one would follow its errors."""
    for verdict in libraries:
        if verdict["state"] != "accepted_with_warnings":
            continue
        findings = [
            row
            for row in lake.finding_rows(FACTORS)
            if row["hand_in"] == verdict["hand_in"] and row["severity"] == "warning"
        ]
        console.print(f"\n[yellow]to see[/]: {escape(verdict['hand_in'])}", soft_wrap=True)
        _print_rows(console, findings)


def _print_warnings(console: Console, lake: Lake, verdict: dict[str, Any]) -> None:
    findings = [
        row
        for row in lake.finding_rows(verdict["round"])
        if row["hand_in"] == verdict["hand_in"]
        and row["severity"] == "warning"
        and row["waived_by"] is None
    ]
    if findings:
        words = f"{escape(verdict['hand_in'])} in round {verdict['round']}"
        console.print(f"\n[yellow]to check[/]: {words}", soft_wrap=True)
        _print_rows(console, findings)


def _print_calculated(console: Console, lake: Lake, rounds: Sequence[str]) -> None:
    """What only the calculation could find, at the hand-in that caused it."""
    found = [row for row in calculated(lake) if row["round"] in ("", *rounds)]
    by_place: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in found:
        by_place.setdefault((row["round"], row["hand_in"]), []).append(row)
    for (round_, hand_in), rows in by_place.items():
        what = f"{escape(hand_in)} in round {round_}" if hand_in else "the company's own data"
        blocks = any(row["severity"] == CRITICAL for row in rows)
        style = "[red]blocks the release[/]" if blocks else "[yellow]to check[/]"
        console.print(f"\n{style}: {what}, as calculated", soft_wrap=True)
        _print_rows(console, same_in_other_periods(rows))


def calculated(lake: Lake) -> list[dict[str, Any]]:
    """Findings of the calculation that somebody should look at, the hand-in of each with it.

    A period without product figures is told by itself, with the reasons.
    """
    with Warehouse(lake).reading() as connection:
        return (
            connection.sql(
                """
                select * from marts.quality_results
                where judged_by <> 'gate' and severity <> 'info' and waived_by is null
                    and not (judged_by = 'product_system' and severity = 'critical')
                order by round, hand_in, severity, rule_id, facility_id, process_id, flow_id,
                    reference_period, message_en
                """
            )
            .to_arrow_table()
            .to_pylist()
        )


def _print_round_findings(console: Console, lake: Lake, rounds: Sequence[str]) -> None:
    """Findings that belong to no hand-in: a file that nobody expects."""
    for name in rounds:
        _print_rows(console, [row for row in lake.finding_rows(name) if row["hand_in"] is None])


def _print_rows(console: Console, findings: Sequence[dict[str, Any]]) -> None:
    """Where and what, and once what to do about those that want the same."""

    def told(words: str) -> None:
        console.print(words, markup=False, highlight=False, soft_wrap=True)

    causes = [row for row in findings if not row.get("caused_by")]
    follow = Counter(row.get("caused_by") for row in findings)
    shown = causes[:FINDINGS_SHOWN]
    for number, row in enumerate(shown, start=1):
        cell = "!".join(part for part in (row["source_sheet"], row["source_cell"]) if part)
        place = " ".join(part for part in (row["source_file"], cell) if part)
        others = row.get("other_periods")
        also = f" The same in {', '.join(others)}." if others else ""
        told(f"  {place}")
        told(f"    {row['message_en']}{also}")
        if count := follow[name_of(row)]:
            told(f"    {count} more findings follow from it.")
        if row.get("other_cells"):
            cells = row["other_cells"].replace(f"{row['source_file']}!", "").splitlines()
            left = len(cells) - CELLS_SHOWN
            more = f" and {left} more" if left > 0 else ""
            told(f"    It is made of this and {', '.join(cells[:CELLS_SHOWN])}{more}.")
        if number == len(shown) or shown[number]["remedy_en"] != row["remedy_en"]:
            told(f"    {row['remedy_en']}")
    if len(causes) > FINDINGS_SHOWN:
        left = len(causes) - FINDINGS_SHOWN
        console.print(f"  and {left} more; all of them are in quality_results")


def _emissions(lake: Lake) -> Table:
    title = "Emissions, tCO2e"
    table = Table(title=title, title_justify="left", box=SIMPLE, pad_edge=False)
    for heading in ("Facility", "Year", "Scope"):
        table.add_column(heading, no_wrap=True)
    for heading in ("Location-based", "Market-based"):
        table.add_column(heading, justify="right")
    with published_marts(lake.preliminary / MARTS_FILE) as connection:
        rows = connection.execute(
            """
            select
                facility_id, year(period_month), ghg_scope,
                sum(location_based_kgco2e) / 1000, sum(market_based_kgco2e) / 1000
            from emissions_by_process
            group by all
            order by all
            """
        ).fetchall()
    for facility, year, scope, location, market in rows:
        table.add_row(escape(facility), str(year), str(scope), _tonnes(location), _tonnes(market))
    return table


def _print_products(console: Console, lake: Lake) -> None:
    """Footprints of the newest year, and whether they and the bridge add up to the factory."""
    with published_marts(lake.published / MARTS_FILE) as connection:
        footprints = newest_footprints(connection)
        residue = largest_residue(connection)
    if footprints:
        console.print(_footprints(footprints))
    if residue is not None:
        console.print(
            f"Products and bridge lines add up to the factory in {residue.period_count} periods; "
            f"the largest residue is {residue.kgco2e:.2g} kgCO2e ({residue.reference_period}).",
            highlight=False,
            soft_wrap=True,
        )


def _footprints(footprints: Sequence[FootprintSummary]) -> Table:
    months, period = footprints[0].month_count, footprints[0].reference_period
    title = f"Product footprints {period} ({months} months), kgCO2e per unit, cut-off"
    table = Table(title=title, title_justify="left", box=SIMPLE, pad_edge=False)
    for heading in ("Product", "Unit"):
        table.add_column(heading, no_wrap=True, overflow="fold")
    for heading in ("To the gate", "market", "To the grave", "market"):
        table.add_column(heading, justify="right")
    for one in footprints[:FOOTPRINTS_SHOWN]:
        figures = (one.gate_location, one.gate_market, one.grave_location, one.grave_market)
        table.add_row(
            escape(one.product_id),
            escape(one.declared_unit),
            *("unknown" if figure is None else f"{figure:.4f}" for figure in figures),
        )
    if len(footprints) > FOOTPRINTS_SHOWN:
        table.caption = f"and {len(footprints) - FOOTPRINTS_SHOWN} more in product_footprints"
    return table


def _print_product_findings(console: Console, lake: Lake) -> bool:
    """Periods without product figures and why; returns whether there are none."""
    findings = finding_rows(lake)
    critical = [row for row in findings if row["severity"] == CRITICAL]
    if critical:
        periods = sorted({row["reference_period"] for row in critical})
        console.print(
            f"\n[red]Not solved[/]: {', '.join(periods)}; what needs these processes has no "
            "footprint there.",
            soft_wrap=True,
        )
    for row in same_in_other_periods(critical)[:FINDINGS_SHOWN]:
        others = row["other_periods"]
        also = f" The same in {', '.join(others)}." if others else ""
        for words in (row["message_en"] + also, row["remedy_en"]):
            console.print(f"    {words}", markup=False, highlight=False, soft_wrap=True)
    return not critical


def _tonnes(value: float | None) -> str:
    return "unknown" if value is None else f"{value:,.1f}"


def _print_places(console: Console, lake: Lake) -> None:
    places = {
        "report to read": lake.path / "report" / "index.html",
        "marts for SQL and BI": lake.published / MARTS_FILE,
        "the same as Parquet": lake.published / "parquet",
        "hashes and versions": lake.published / "manifest.json",
        **_not_yet_released(lake),
        "what passed the gate": lake.path / "accepted",
        "verdicts and findings": lake.path / "quality",
    }
    for what, path in places.items():
        console.print(f"{what:>22}: {path}", markup=False, highlight=False, soft_wrap=True)


def _not_yet_released(lake: Lake) -> dict[str, Path]:
    """Where this run's figures lie once there is a release: `published` is that release then."""
    if lake.published.resolve() == lake.preliminary.resolve():
        return {}
    return {"this run, preliminary": lake.preliminary / MARTS_FILE}
