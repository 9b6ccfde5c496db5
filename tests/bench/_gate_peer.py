"""The peer of the gate: the same rules as Great Expectations writes them over pandas.

What needs a look-up is joined with pandas first, and what compares sums is judged on the small
table of sums, so that no expectation loops over a million rows in Python where it need not.
"""

from __future__ import annotations

import os
from typing import Any

import pandas as pd

from orchestration.company.data_folder import Round

KEYS = ["hand_in", "source_sheet", "source_cell"]
STATED = "row_kind == 'reading' and value_type not in ['blank', 'missing']"
LINE = [
    *("hand_in", "document_no", "flow_id", "process_id", "facility_id", "direction", "role"),
    *("period_text", "quantity", "sign_multiplier", "item_text", "unit_text"),
]
STATEMENT = [
    *("hand_in", "period_month", "source_sheet", "item_text", "flow_id", "process_id"),
    *("direction", "role"),
]
PLACE = [*("hand_in", "process_id", "facility_id", "flow_id", "direction", "period_month")]
KINDS = ["number", "text_number", "blank", "missing", "error", "formula_without_value"]


def judge(
    frame: pd.DataFrame, tables: dict[str, list[dict[str, Any]]], round_: Round
) -> dict[str, int]:
    """Unexpected cells of each rule."""
    prepared = _prepared(frame, tables)
    counts = _validated(prepared, _cell_expectations(tables, round_), KEYS)
    return counts | _validated(_months(prepared, tables), _month_expectations(), PLACE)


def _prepared(frame: pd.DataFrame, tables: dict[str, list[dict[str, Any]]]) -> pd.DataFrame:
    units = pd.DataFrame(tables["unit_conversions"])[["flow_id", "unit_text", "multiplier"]]
    processes = pd.DataFrame(tables["processes"]).rename(columns={"facility_id": "owner"})
    joined = frame.merge(units, how="left", on=["flow_id", "unit_text"])
    joined = joined.merge(processes, how="left", on="process_id")
    joined["belongs"] = joined["owner"] == joined["facility_id"]
    joined["month"] = pd.to_datetime(joined["period_month"]).dt.strftime("%Y-%m")
    return joined


def _months(prepared: pd.DataFrame, tables: dict[str, list[dict[str, Any]]]) -> pd.DataFrame:
    canonical = prepared["quantity"] * prepared["sign_multiplier"] * prepared["multiplier"]
    place = [prepared[name] for name in PLACE]
    summed = canonical.groupby(place).sum().rename("canonical").reset_index()
    bounds = pd.DataFrame(tables["ranges"])
    names = ["usual_min", "usual_max", "hard_min", "hard_max"]
    bounds[names] = bounds[names].astype(float)
    return summed.merge(bounds[["flow_id", *names]], on="flow_id")


def _cell_expectations(tables: dict[str, list[dict[str, Any]]], round_: Round) -> dict[str, Any]:
    import great_expectations.expectations as gxe

    def where(condition: str) -> dict[str, str]:
        return {"row_condition": condition, "condition_parser": "pandas"}

    def never(column: str, value: str) -> Any:
        return gxe.ExpectColumnValuesToNotBeInSet(column=column, value_set=[value])

    def known(column: str, table: str) -> Any:
        values = [row[column] for row in tables[table]]
        return gxe.ExpectColumnValuesToBeInSet(column=column, value_set=values, **where(STATED))

    reading = where("row_kind == 'reading'")
    quantities = where("role == 'activity' and direction in ['input', 'output']")
    return {
        "file_readable": never("row_kind", "unreadable"),
        "sheet_present": never("row_kind", "missing_sheet"),
        "header_known": never("row_kind", "unmapped_header"),
        "header_present": never("row_kind", "missing_header"),
        "month_known": gxe.ExpectColumnValuesToNotBeNull(column="month", **reading),
        "month_in_round": gxe.ExpectColumnValuesToBeInSet(
            column="month",
            value_set=[month.strftime("%Y-%m") for month in round_.months],
            **where(STATED),
        ),
        "month_reported": never("value_type", "missing"),
        "value_present": gxe.ExpectColumnValuesToNotBeInSet(
            column="value_type", value_set=["blank"], **where("is_required == True")
        ),
        "value_is_number": gxe.ExpectColumnValuesToBeInSet(column="value_type", value_set=KINDS),
        "no_excel_error": never("value_type", "error"),
        "formula_calculated": never("value_type", "formula_without_value"),
        "multiplier_is_number": gxe.ExpectColumnValuesToNotBeNull(
            column="sign_multiplier", **where(STATED)
        ),
        "flow_known": gxe.ExpectColumnValuesToNotBeNull(column="flow_id", **reading),
        "facility_known": known("facility_id", "facilities"),
        "process_known": gxe.ExpectColumnValuesToBeInSet(
            column="belongs", value_set=[True], **reading
        ),
        "unit_known": gxe.ExpectColumnValuesToNotBeNull(
            column="multiplier", **where(f"{STATED} and flow_id.notna()")
        ),
        "no_duplicates": gxe.ExpectCompoundColumnsToBeUnique(
            column_list=STATEMENT, **where("document_no.isna()")
        ),
        "no_duplicate_lines": gxe.ExpectCompoundColumnsToBeUnique(
            column_list=LINE, **where("document_no.notna() and quantity.notna()")
        ),
        "not_negative": gxe.ExpectColumnValuesToBeBetween(
            column="quantity", min_value=0, **quantities
        ),
        "number_typed_as_text": never("value_type", "text_number"),
    }


def _month_expectations() -> dict[str, Any]:
    import great_expectations.expectations as gxe

    def above(larger: str, smaller: str) -> Any:
        return gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A=larger, column_B=smaller, or_equal=True
        )

    return {
        "usual_range": above("usual_max", "canonical"),
        "hard_bounds": above("hard_max", "canonical"),
    }


def _validated(
    frame: pd.DataFrame, expectations: dict[str, Any], keys: list[str]
) -> dict[str, int]:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    source = context.data_sources.add_pandas("bench")
    definition = source.add_dataframe_asset("batch").add_batch_definition_whole_dataframe("all")
    batch = definition.get_batch(batch_parameters={"dataframe": frame})
    for rule_id, expectation in expectations.items():
        expectation.meta = {"rule_id": rule_id}
    suite = gx.ExpectationSuite(name="bench", expectations=list(expectations.values()))
    complete = {"result_format": "COMPLETE", "unexpected_index_column_names": keys}
    results = batch.validate(suite, result_format=complete).results
    for result in results:
        if result.exception_info.get("raised_exception", True):
            raise AssertionError(f"{result.expectation_config.meta}: {result.exception_info}")
    return {
        result.expectation_config.meta["rule_id"]: result.result["unexpected_count"]
        for result in results
    }
