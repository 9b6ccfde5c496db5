"""accepted/…: what passed the gate, with the verdict beside it.

A refused hand-in fails a check and nothing else: the run goes on with what was accepted before.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from dagster import (
    AssetCheckEvaluation,
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSpec,
    MetadataValue,
    PartitionsDefinition,
    asset,
    multi_asset,
    multi_asset_check,
)

from orchestration.assets.metadata import shown_as_markdown, shown_as_table
from orchestration.gate.acceptance import RoundResult, kept_result
from orchestration.lake.hand_ins import HandIn
from orchestration.lake.paths import Lake
from orchestration.partitions import ALL_ROUNDS_IN_ONE_RUN
from orchestration.resources import Folders
from orchestration.steps import GATE, accept_master_data, judge_rounds

COMPANY = AssetKey(["accepted", "company"])
READINGS = AssetKey(["accepted", "stage_readings"])
ERP = AssetKey(["accepted", "erp_records"])
CERTIFICATES = AssetKey(["accepted", "energy_instruments"])
FINDINGS = AssetKey(["quality", "findings"])
VERDICTS = AssetKey(["quality", "verdicts"])
JUDGED = (READINGS, ERP, CERTIFICATES)
WAIVERS = AssetKey(["quality", "waivers"])
SIGN_OFFS = AssetKey(["quality", "sign_offs"])
GATED = (*JUDGED, FINDINGS, VERDICTS, WAIVERS, SIGN_OFFS)
GATE_POOL = "gate"

REFUSED_TAG = "carbonloom/refused"
"""On a run: the hand-ins that it refused, as the list of runs shows them."""

PASSES = "hand_ins_pass_the_gate"
NO_WARNINGS = "hand_ins_without_warnings"
DESCRIPTIONS = {
    READINGS: "Cells of stage workbooks that passed the gate, by month; newest revision counts.",
    ERP: "Records of ERP exports that passed the gate, by month; newest revision counts.",
    CERTIFICATES: "Certificates and contracts on electricity and heat that passed the gate.",
    FINDINGS: "Every cell that broke a rule, in words a plant person understands.",
    VERDICTS: "One verdict a hand-in and round.",
    WAIVERS: "Findings that somebody answers for, with reason and last day; by line.",
    SIGN_OFFS: "Who prepared, reviewed and approved which file, and whether that still counts.",
}
VERDICT_COLUMNS = {
    "hand_in": "Hand-in",
    "state": "State",
    "revision_in_force": "In force",
    "critical_count": "Critical",
    "warning_count": "Warnings",
    "waived_count": "Waived",
    "correction_count": "Corrected",
    "source_file": "File",
    "note": "Note",
}
FINDING_COLUMNS = {
    "hand_in": "Hand-in",
    "severity": "Severity",
    "source_sheet": "Sheet",
    "source_cell": "Cell",
    "message_en": "What is wrong",
    "remedy_en": "What to do",
}
WAIVER_COLUMNS = {
    "hand_in": "Hand-in",
    "rule_id": "Rule",
    "object": "Object",
    "state": "State",
    "finding_count": "Findings",
    "reason": "Reason",
    "approved_by": "Approved by",
    "valid_until": "Until",
}
SIGNED = {
    "hand_in": "Hand-in",
    "role": "Role",
    "person_name": "Person",
    "signed_on": "Signed on",
    "is_valid": "Counts",
    "broken_rule": "Why not",
}
FINDINGS_SHOWN = 50
WORST_FIRST = ("refused", "missing", "accepted_with_warnings", "accepted")


def company_asset() -> AssetsDefinition:
    """The master data, validated as a whole."""

    @asset(
        key=COMPANY,
        group_name="accepted",
        kinds={"csv", "parquet"},
        description="Master data of the company: sites, stages, processes, flows and calendar.",
    )
    def company(context: AssetExecutionContext, folders: Folders) -> None:
        tables = accept_master_data(folders.run())
        rows = [{"table": name, "rows": table.num_rows} for name, table in tables.items()]
        context.add_output_metadata(
            {
                "dagster/row_count": sum(table.num_rows for table in tables.values()),
                "tables": shown_as_table(rows, ("table", "rows")),
            }
        )

    return company


def gate_asset(landed: Sequence[AssetKey], partitions: PartitionsDefinition) -> AssetsDefinition:
    """Judges all hand-ins of a round together, and lets in those that passed."""

    @multi_asset(
        name=GATE,
        specs=[
            AssetSpec(
                key,
                deps=[*landed, COMPANY],
                group_name="accepted" if key in JUDGED else "quality",
                kinds={"greatexpectations", "parquet"},
                description=DESCRIPTIONS[key],
            )
            for key in GATED
        ],
        partitions_def=partitions,
        backfill_policy=ALL_ROUNDS_IN_ONE_RUN,
        pool=GATE_POOL,
    )
    # an annotation would be taken for that of one output
    def gate(context: AssetExecutionContext, folders: Folders):  # type: ignore[no-untyped-def]
        refused: list[str] = []
        for name, judged in judge_rounds(folders.run(context.partition_keys)):
            result = judged or kept_result(folders.lake, name)
            refused += [
                f"{row['hand_in']} ({name})" for row in result.verdicts if row["state"] == "refused"
            ]
            for key in GATED:
                shown = _shown(key, result)
                if key == VERDICTS:
                    returned = sorted(folders.lake.returned(name).rglob("*"))
                    shown["returned"] = [str(path) for path in returned if path.is_file()]
                context.add_asset_metadata(shown, key, partition_key=name)
        if refused:  # the run itself goes on, and is green in the list of runs
            context.instance.add_run_tags(context.run_id, {REFUSED_TAG: "; ".join(refused)})

    return gate


def gate_checks(partitions: PartitionsDefinition) -> AssetChecksDefinition:
    """The verdict as checks: red where a hand-in was refused or is missing."""
    specs = [
        AssetCheckSpec(
            name,
            asset=key,
            partitions_def=partitions,
            description=description,
        )
        for key in JUDGED
        for name, description in (
            (PASSES, "Every hand-in of the round arrived and passed the critical rules."),
            (NO_WARNINGS, "No accepted hand-in has a warning to look at."),
        )
    ]

    @multi_asset_check(name="verdicts", specs=specs)
    def verdicts(
        context: AssetCheckExecutionContext, folders: Folders
    ) -> Iterator[AssetCheckResult]:
        rounds = context.op_execution_context.partition_keys
        for spec in specs:
            results = [_checked(spec, folders.lake, name) for name in rounds]
            for name, result in zip(rounds, results, strict=True):
                if len(rounds) > 1:  # a result of a range would stand for no round at all
                    log_check(context, spec, result, name)
            yield AssetCheckResult(
                passed=all(result.passed for result in results),
                asset_key=spec.asset_key,
                check_name=spec.name,
                severity=results[-1].severity,
                metadata=results[-1].metadata if len(results) == 1 else {},
            )

    return verdicts


def belongs_to(key: AssetKey, verdict: dict[str, Any]) -> bool:
    """Which accepted asset a hand-in would be part of."""
    return key == AssetKey(["accepted", HandIn.of_row(verdict).accepted_table])


def _checked(spec: AssetCheckSpec, lake: Lake, round_: str) -> AssetCheckResult:
    verdicts = [row for row in lake.verdict_rows(round_) if belongs_to(spec.asset_key, row)]
    if spec.name == PASSES:
        bad = [row for row in verdicts if row["state"] in ("refused", "missing")]
        severity = AssetCheckSeverity.ERROR
    else:
        bad = [row for row in verdicts if row["state"] == "accepted_with_warnings"]
        severity = AssetCheckSeverity.WARN
    metadata: dict[str, Any] = {"hand_ins": len(verdicts), "named_here": len(bad)}
    if bad:
        hand_ins = {row["hand_in"] for row in bad}
        wanted = "critical" if spec.name == PASSES else "warning"
        findings = [
            row
            for row in lake.finding_rows(round_)
            if row["hand_in"] in hand_ins and row["severity"] == wanted
        ]
        metadata["verdicts"] = MetadataValue.md(shown_as_markdown(bad, VERDICT_COLUMNS))
        metadata["cells"] = MetadataValue.md(
            shown_as_markdown(findings[:FINDINGS_SHOWN], FINDING_COLUMNS)
        )
    return AssetCheckResult(
        passed=not bad,
        asset_key=spec.asset_key,
        check_name=spec.name,
        severity=severity,
        metadata=metadata,
    )


def log_check(
    context: AssetCheckExecutionContext, spec: AssetCheckSpec, result: AssetCheckResult, round_: str
) -> None:
    """Log what a check found in one round."""
    evaluation = AssetCheckEvaluation(
        asset_key=spec.asset_key,
        check_name=spec.name,
        passed=result.passed,
        metadata=result.metadata,
        severity=result.severity,
        partition=round_,
    )
    # the annotation of Dagster leaves out an event that it logs
    context.op_execution_context.log_event(evaluation)  # type: ignore[arg-type]


def _shown(key: AssetKey, result: RoundResult) -> dict[str, Any]:
    """The verdict beside the asset it decided on; approvals beside their own."""
    approvals = {WAIVERS: (result.waivers, WAIVER_COLUMNS), SIGN_OFFS: (result.sign_offs, SIGNED)}
    if key in approvals:
        rows, columns = approvals[key]
        text = MetadataValue.md(shown_as_markdown(rows, columns))
        return {"dagster/row_count": len(rows), "lines": text}
    verdicts = sorted(result.verdicts, key=lambda row: WORST_FIRST.index(row["state"]))
    findings = result.findings.to_pylist()
    if key in JUDGED:
        verdicts = [row for row in verdicts if belongs_to(key, row)]
        hand_ins = {row["hand_in"] for row in verdicts}
        findings = [row for row in findings if row["hand_in"] in hand_ins]
    listed = [row for row in findings if row["severity"] != "info"][:FINDINGS_SHOWN]
    metadata: dict[str, Any] = {
        "dagster/row_count": len(findings)
        if key == FINDINGS
        else sum(row["row_count"] for row in verdicts if row["state"].startswith("accepted")),
        "verdicts": shown_as_table(verdicts, tuple(VERDICT_COLUMNS)),
        "verdicts_text": MetadataValue.md(shown_as_markdown(verdicts, VERDICT_COLUMNS)),
        "new_revisions": {
            row["hand_in"]: result.new_revisions[row["hand_in"]]
            for row in verdicts
            if row["hand_in"] in result.new_revisions
        },
    }
    if listed:
        metadata["findings"] = MetadataValue.md(shown_as_markdown(listed, FINDING_COLUMNS))
    return metadata
