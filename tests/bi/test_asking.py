"""`carbonloom sql` and the table macros, against marts that are published here."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import duckdb
import pytest
from rich.cells import cell_len
from rich.console import Console
from typer.testing import CliRunner

from orchestration.bi.asking import answer, examples, open_marts
from orchestration.commands.cli import app
from orchestration.publication.macros import all_macros


@pytest.fixture(scope="module")
def marts(warehouse: Path):
    with open_marts(warehouse / "published") as connection:
        yield connection


@pytest.mark.parametrize("mart", ["emissions_by_process", "emissions_by_stage"])
def test_trace_adds_up_to_every_figure(marts, mart):
    figures = marts.execute(f"select result_id, location_based_kgco2e from {mart}").fetchall()
    assert figures
    for result_id, figure in figures:
        (traced,) = marts.execute(
            "select sum(part_kgco2e) from trace($1) where basis = 'location_based'", [result_id]
        ).fetchone()
        assert traced == pytest.approx(figure, rel=1e-12)


def test_explain_product_adds_up_to_the_footprint(marts):
    for product, period, figure in marts.execute(
        "select product_id, reference_period, kgco2e_per_declared_unit from product_footprints "
        "where method = 'cut_off' and boundary = 'cradle_to_grave' and basis = 'market_based'"
    ).fetchall():
        (explained,) = marts.execute(
            "select sum(market_based_kgco2e_per_declared_unit) "
            "from explain_product($1, period := $2)",
            [product, period],
        ).fetchone()
        assert explained == pytest.approx(figure, rel=1e-12)


def test_product_cells_add_up_to_the_inventory_of_a_product(marts):
    (cells,) = marts.execute(
        "select sum(kgco2e_per_declared_unit) from product_cells('fibre', '2023') "
        "where basis = 'location_based'"
    ).fetchone()
    (inventory,) = marts.execute(
        "select sum(location_based_kgco2e_per_declared_unit) from product_contributions "
        "where product_id = 'fibre' and reference_period = '2023' and origin = 'inventory'"
    ).fetchone()
    assert cells == pytest.approx(inventory, rel=1e-12)


def test_all_cells_changed_by_one_percent_move_the_inventory_by_one_percent(marts):
    moved = sum(
        marts.execute(
            "select sum(change_kgco2e) from what_if($1, $2, $3, 0.01) "
            "where figure = 'inventory' and basis = 'location_based'",
            cell,
        ).fetchone()[0]
        for cell in marts.execute(
            "select distinct source_file, source_sheet, source_cell from lineage"
        ).fetchall()
    )
    (total,) = marts.execute(
        "select sum(location_based_kgco2e) from emissions_by_process"
    ).fetchone()
    assert moved == pytest.approx(0.01 * total, rel=1e-12)


def test_a_round_compared_with_itself_does_not_change(marts):
    (round_,) = marts.execute("select min(round) from lineage").fetchone()
    changes = marts.execute(
        "select sum(abs(location_change_kgco2e_per_month)), "
        "sum(location_a_kgco2e_per_month * month_count_a) from compare($1, $1)",
        [round_],
    ).fetchone()
    (total,) = marts.execute(
        "select sum(part_kgco2e) from lineage where round = $1 and basis = 'location_based'",
        [round_],
    ).fetchone()
    assert changes == (0, pytest.approx(total, rel=1e-12))


@pytest.mark.parametrize(
    "question",
    [
        "trace('nothing')",
        "explain_product('nothing')",
        "explain_product('fibre', period := '1999')",
        "product_cells('nothing', '2023')",
        "what_if('no.xlsx', 'Sheet', 'A1', 0.01)",
        "what_if_factor('nothing', 0.01)",
        "compare('1999-01', '1999-02')",
        "compare_products('1999', '2023')",
    ],
)
def test_what_is_not_there_is_refused_instead_of_answered_with_nothing(marts, question):
    with pytest.raises(duckdb.InvalidInputException, match=question.partition("(")[0]):
        marts.execute(f"select count(*) from {question}").fetchall()


def test_the_published_file_holds_the_macros_and_nothing_old_clients_lose(warehouse):
    with duckdb.connect() as connection:
        path = warehouse / "published" / "marts.duckdb"
        connection.execute(f"attach '{path}' as carbonloom (read_only)")
        connection.execute("use carbonloom.marts")
        assert connection.execute("from explain_product('fibre')").fetchall()
        stored = connection.execute(
            "select function_name from duckdb_functions() where database_name = 'carbonloom'"
        ).fetchall()
    assert {macro.name for macro in all_macros()} <= {name for (name,) in stored}
    for macro in all_macros():
        assert not re.search(r"\bwith\b|\bover\b", macro.statement), macro.name


def test_every_macro_has_a_call_and_a_purpose():
    for macro in all_macros():
        assert re.fullmatch(rf"{macro.name}\(.+\)", macro.call), macro.call
        assert macro.statement.startswith(f"create or replace macro {macro.name}(")
        assert len(macro.purpose.split()) > 5


def ask(*arguments: str, typed: str | None = None):
    return CliRunner().invoke(app, ["sql", *arguments], input=typed)


def test_the_command_answers_as_csv_and_changes_nothing(warehouse):
    place = ("--warehouse", str(warehouse))
    answered = ask("select 1.5 as a, null as b", "--format", "csv", *place)
    assert (answered.exit_code, answered.output) == (0, "a,b\n1.5,\n")
    refused = ask("delete from carbonloom.marts.lineage", *place)
    assert refused.exit_code == 1
    assert "read-only" in refused.output


def test_the_prompt_teaches_answers_and_survives_a_mistake(warehouse):
    typed = "selct 1;\nselect 6 *\n7 as answer;\nexit\n"
    talked = ask("--preliminary", "--warehouse", str(warehouse), typed=typed)
    assert talked.exit_code == 0
    assert all(part in talked.output for part in ("trace(result_id)", "Parser Error", "42"))


def test_every_shown_example_is_answered_by_these_marts(marts):
    shown = examples(marts)
    assert len(shown) == 4  # one round alone has nothing to be compared with
    for example in shown:
        assert marts.execute(example).fetchall(), example


def test_without_marts_the_command_says_where_it_looked(tmp_path):
    missing = ask("select 1", "--warehouse", str(tmp_path))
    assert missing.exit_code == 2
    assert "marts.duckdb" in missing.output


@pytest.mark.parametrize("width", [80, 120])
def test_no_value_is_cut_on_a_screen_and_none_that_can_be_copied_is_broken(width: int):
    long_path = "rounds/2022-04/suzhou_staple/" + "sorting_and_washing_of_bottles.xlsx"
    values = {
        "source_file": long_path,
        "a_rather_long_column_name_of_a_mart": "Electricity CO2 emission factors " * 4,
        "nothing": None,
        "part_kgco2e": 634020.0,
        **{f"column_{n}": f"value_{n}" for n in range(12)},
    }
    told = StringIO()
    with duckdb.connect() as connection:
        selected = ", ".join(f'${name} as "{name}"' for name in values)
        connection.execute(f"create table rows as select {selected}", values)
        answer(Console(file=told, width=width), connection, "from rows")
    lines = told.getvalue().splitlines()
    assert all(cell_len(line) <= width for line in lines)
    assert long_path in told.getvalue()
    assert "nothing" not in told.getvalue()
    words = told.getvalue().split()
    assert {f"value_{n}" for n in range(12)} | {"634020"} <= set(words)
    assert words.count("factors") == 4


def test_a_narrow_answer_is_a_table_and_an_empty_one_says_its_columns():
    told = StringIO()
    console = Console(file=told, width=80)
    with duckdb.connect() as connection:
        answer(console, connection, "select 1 as ghg_scope, 'diesel' as flow_id")
        answer(console, connection, "select 1 as ghg_scope where false")
    assert told.getvalue().split("\n")[0].split() == ["ghg_scope", "flow_id"]
    assert "No rows. Columns: ghg_scope" in told.getvalue()


WIDE = """
    select
        'fibre_' || n as product_id, '2021' as reference_period, 'market_based' as basis,
        n / 8 as kgco2e_per_declared_unit, n / 4 as biogenic_kgco2e_per_declared_unit,
        null as aircraft_kgco2e_per_declared_unit
    from range(1, 4) as t(n)
"""


def test_what_is_the_same_in_every_row_is_said_once_where_all_columns_do_not_fit():
    told = StringIO()
    with duckdb.connect() as connection:
        answer(Console(file=told, width=60), connection, WIDE)
    lines = [line.rstrip() for line in told.getvalue().splitlines()]
    assert lines[0].startswith("the same in every row")
    assert [line.split() for line in lines[1:3]] == [
        ["reference_period", "2021"], ["basis", "market_based"]
    ]  # fmt: skip
    assert lines[3] == "Empty in every row: aircraft_kgco2e_per_declared_unit"
    assert "".join(line[12:25].strip() for line in lines[5:-3]) == "kgco2e_per_declared_unit"
    assert [line.split() for line in lines[-3:]] == [
        ["fibre_1", "0.125", "0.25"], ["fibre_2", "0.25", "0.5"], ["fibre_3", "0.375", "0.75"]
    ]  # fmt: skip


def test_a_table_that_fits_keeps_its_columns_and_one_row_has_nothing_in_common():
    whole, alone = StringIO(), StringIO()
    with duckdb.connect() as connection:
        answer(Console(file=whole, width=200), connection, WIDE)
        answer(Console(file=alone, width=60), connection, f"from ({WIDE}) limit 1")
    assert whole.getvalue().split("\n")[0].split()[1:3] == ["reference_period", "basis"]
    assert alone.getvalue().startswith("row 1")
