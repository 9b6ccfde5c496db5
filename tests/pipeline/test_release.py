"""A round is released when nothing is missing, never changes, and can be verified from itself."""

from __future__ import annotations

import json
import re
import shutil
import stat
from datetime import date
from itertools import takewhile
from pathlib import Path

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from orchestration.calculation.halves import INVENTORY_MODELS
from orchestration.commands import release_summary
from orchestration.commands.cli import app
from orchestration.company.data_folder import DataFolder
from orchestration.gate import sign_offs
from orchestration.gate.acceptance import content_of_round, files_of
from orchestration.lake.paths import Lake, sha256_of_file
from orchestration.release import releasing
from orchestration.release.comparing import compared
from orchestration.release.releasing import NotReleasableError, release
from orchestration.release.verifying import verify
from orchestration.report import site
from orchestration.report.page_source import PageError
from orchestration.report.writing import write_report
from orchestration.steps import Run, steps_of
from tests.built import Builder, Built
from tests.conftest import MONTHS, TinyCompany, write_complete_company, write_csv
from tests.report.reading import dead_links

ROUND, LATER = MONTHS
FIGURE = 1000 * 0.5 + 10 * 3 + 50 * 0.2
SIGNERS = {"preparer": "ann", "reviewer": "bob", "approver": "cai"}


def carbonloom(*command: str | Path) -> tuple[int, str]:
    """The command line in this process: exit code and what it printed."""
    result = CliRunner().invoke(app, [str(part) for part in command])
    return result.exit_code, result.output


def judge(company: TinyCompany, lake: Lake, *rounds: str) -> None:
    """A run over rounds until it would calculate: a release calculates for itself."""
    run = Run(DataFolder(company.path), lake, rounds)
    for step in takewhile(lambda one: one.name != INVENTORY_MODELS.name, steps_of(run.data)):
        step.take(run)


def sign(company: TinyCompany, lake: Lake, round_: str = ROUND) -> None:
    """Everything that was judged, signed by four people."""
    files = files_of(lake.verdict_rows(round_))
    usual = {"signed_on": "2022-02-20"}
    lines = [
        {**usual, "hand_in": hand_in, "role": role, "person": person, "source_sha256": sha256}
        for hand_in, sha256 in files.items()
        for role, person in SIGNERS.items()
    ]
    content = content_of_round(lake.registry(), round_, lake.waiver_rows(round_))
    approval = {"hand_in": "round", "role": "approver", "person": "dora", "content_sha256": content}
    path = company.path / "rounds" / round_ / sign_offs.FILE
    write_csv(path, [*lines, usual | approval], sign_offs.COLUMNS)


def total(folder: Path, month: str = "2022-01") -> float | None:
    """Location-based kgCO2e of a month, as an analyst reads it."""
    with duckdb.connect(str(folder / "marts.duckdb"), read_only=True) as connection:
        return connection.execute(
            "select sum(location_based_kgco2e) from marts.marts.emissions_by_process "
            "where strftime(period_month, '%Y-%m') = $1",
            [month],
        ).fetchall()[0][0]


def label(folder: Path) -> tuple:
    """What the data say of themselves."""
    with duckdb.connect(str(folder / "marts.duckdb"), read_only=True) as connection:
        return connection.execute(
            "select status, round, release_number, rounds from marts.marts.publication"
        ).fetchall()[0]


def contents(folder: Path) -> dict[str, str]:
    """Every file of a folder with its hash."""
    return {
        path.relative_to(folder).as_posix(): sha256_of_file(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def approvals_only(patch: pytest.MonkeyPatch) -> None:
    """Judge the approvals without calculating, where figures are not the point."""
    patch.setattr(releasing, "recompute", lambda *_, **__: None)
    patch.setattr(releasing, "figures_missing", lambda *_: [])


@pytest.fixture(scope="module")
def released(built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A company of two rounds, of which the first is released; nobody writes there."""
    copied = built("tiny", write_complete_company).copy(tmp_path_factory.mktemp("released"))
    company, lake = TinyCompany(copied.data), Lake(copied.warehouse)
    where = ("--data", company.path, "--warehouse", lake.path)
    with pytest.MonkeyPatch.context() as patch:
        approvals_only(patch)
        code, output = carbonloom("release", "--round", ROUND, *where)
    assert code == 1
    assert "2022-02 mill/boiler: not signed by preparer, reviewer, approver" in output
    assert not lake.releases(ROUND).exists() or not any(lake.releases(ROUND).iterdir())
    assert label(lake.published)[:2] == ("preliminary", LATER)

    sign(company, lake)
    code, output = carbonloom("release", "--round", ROUND, *where)
    assert code == 0, output
    assert "release 1" in output
    return lake


@pytest.fixture
def lake(released: Lake, tmp_path: Path) -> Lake:
    """A copy of it, to go on with."""
    copied = Built(released.path.parent).copy(tmp_path / "lived")
    return Lake(copied.warehouse)


@pytest.fixture
def company(lake: Lake) -> TinyCompany:
    """Whose copy that is."""
    return TinyCompany(lake.path.parent / "data")


@pytest.fixture
def copy(released: Lake, tmp_path: Path) -> Path:
    """The release, where it may be harmed; a copy is as good as the original."""
    target = tmp_path / "r1"
    shutil.copytree(released.releases(ROUND) / "r1", target)
    for path in target.rglob("*"):
        path.chmod(path.stat().st_mode | stat.S_IWUSR)
    return target


def test_documents_of_a_release_are_the_same_bytes_wherever_they_are_made(
    released: Lake, copy: Path, tmp_path: Path
):
    code, output = carbonloom("documents", "--release", copy, "--out", tmp_path / "sent")
    assert code == 0, output
    written = {path.name for path in (released.path / "documents").iterdir()}
    assert {"ghg-inventory-2022.en.pdf", "ghg-inventory-2022.zh.html", "marts.xlsx"} <= written
    for name in written:
        made = (released.path / "documents" / name).read_bytes()
        assert (tmp_path / "sent" / name).read_bytes() == made, name
    report = (tmp_path / "sent" / "ghg-inventory-2022.en.html").read_text(encoding="utf-8")
    assert f"Released: round {ROUND}, release 1" in report
    assert "Preliminary" not in report
    cell = "<td[^>]*>{}</td>"
    signed = cell.format("(?:preparer|reviewer|approver)") + cell.format("([^<]+)")
    assert len(set(re.findall(signed, report))) == len({*SIGNERS.values(), "dora"})


def test_a_release_without_its_documents_stands_and_is_not_called_all_right(
    lake: Lake, company: TinyCompany, monkeypatch: pytest.MonkeyPatch
):
    def broken(_: Lake) -> None:
        raise PageError("product-footprint.md, block 7: no figure")

    monkeypatch.setattr(release_summary, "write_documents_of", broken)
    where = ("--data", company.path, "--warehouse", lake.path)
    code, output = carbonloom("release", "--round", ROUND, *where)

    assert code == 1
    assert "released before" in output
    assert "not written: product-footprint.md, block 7: no figure" in output
    assert "Mend that, then: carbonloom documents" in output


def test_published_is_the_release_and_the_newest_calculation_stands_apart(released: Lake):
    folder = released.releases(ROUND) / "r1"
    assert released.published.resolve() == folder
    assert label(released.published) == ("released", ROUND, 1, ROUND)
    assert label(released.preliminary) == ("preliminary", LATER, None, f"{ROUND}; {LATER}")
    assert total(folder) == pytest.approx(FIGURE)
    assert total(folder, "2022-02") is None  # a later round is none of its business
    assert total(released.preliminary, "2022-02") == pytest.approx(FIGURE)


def test_a_release_names_every_file_and_who_signed(released: Lake):
    folder = released.releases(ROUND) / "r1"
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    listed = {name: entry["sha256"] for name, entry in manifest["files"].items()}
    found = contents(folder)
    assert (folder / "manifest.sha256").read_text().startswith(found.pop("manifest.json"))
    del found["manifest.sha256"]
    assert listed == found
    assert {"accepted", "control", "papers", "parquet", "quality", "solved"} <= {
        name.split("/")[0] for name in listed
    }
    assert {stat.S_IMODE((folder / name).stat().st_mode) for name in listed} == {0o444}
    head = manifest["release"]
    assert len(head["signatures"][ROUND]) == 7
    assert (head["round"], head["number"], head["follows"]) == (ROUND, 1, None)
    assert manifest["versions"]["figures_code_sha256"]


def flip(path: Path, position: int = -1) -> None:
    """Change one byte."""
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)


def test_months_that_run_since_stand_beside_what_was_released(released: Lake):
    report = released.path / "report"
    assert dead_links(report) == []
    index = (report / "en" / "index.html").read_text(encoding="utf-8")
    assert f"Released: round {ROUND}, release 1" in index
    told = f"Running months, not released: rounds {LATER}"
    assert f'href="../running/en/index.html">{told}<' in index
    running = (report / "running" / "zh" / "index.html").read_text(encoding="utf-8")
    assert "初步结果：未签核，未发布" in running
    assert f'href="../../zh/index.html">已发布的结果：轮次 {ROUND}，第 1 版<' in running


def test_pages_of_a_release_are_taken_over_when_only_later_months_changed(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
):
    write_report(lake)
    before = contents((lake.path / "report" / "en").resolve())
    manifest = lake.preliminary / "manifest.json"
    changed = json.loads(manifest.read_text(encoding="utf-8")) | {"note": "another"}
    manifest.write_text(json.dumps(changed), encoding="utf-8")
    rendered = []
    monkeypatch.setattr(site, "render_site", lambda *words: rendered.append(words) or [])
    report = write_report(lake)
    assert report.is_new
    assert [words[0] for words in rendered] == [lake.preliminary.resolve()]
    assert contents(report.folder / "en") == before


def test_two_clicks_lead_from_a_figure_to_its_cell(released: Lake):
    folder = released.releases(ROUND) / "r1"
    assert dead_links(folder) == []
    index = (folder / "index.html").read_text(encoding="utf-8")
    figure = re.search(r'href="(audit/inventory_2022_mill_purchased_electricity.html)">500<', index)
    assert figure, index
    lines = (folder / figure[1]).read_text(encoding="utf-8")
    cell = re.search(r'href="(sheet_2022-02__mill__boiler[^"#]*)#(c0-\d+-\d+)">', lines)
    assert cell, lines
    sheet = (folder / "audit" / cell[1]).read_text(encoding="utf-8")
    assert f'<td id="{cell[2]}" class="used">1000</td>' in sheet
    assert f'<section data-cell="{cell[2]}">' in sheet
    for handed_in in (folder / "rounds").rglob("*.*"):
        file = handed_in.relative_to(folder)
        assert handed_in.read_bytes() == (released.path.parent / "data" / file).read_bytes()


def test_the_sample_is_calculated_by_hand_from_what_was_typed(copy: Path):
    assert carbonloom("verify", "--sample", copy, "--allowed-signers", copy / "people")[0] == 2
    code, output = carbonloom("verify", "--sample", copy)
    assert code == 0, output
    assert "1,000 kWh × 0.5 kg CO2e/kWh = 500.000000 kg CO2e" in output

    sample = copy / "audit" / "sample.csv"
    text = sample.read_text(encoding="utf-8-sig")
    sample.write_text(text.replace(",500.0,", ",499.0,"), encoding="utf-8-sig")
    code, output = carbonloom("verify", "--sample", copy)
    assert code == 1
    assert "differs: The release says 499.000000 kg CO2e." in output
    sample.write_text(text.replace("mill_boiler", "mill_kiln"), encoding="utf-8-sig")
    code, output = carbonloom("verify", "--sample", copy)
    assert (code, "differs: 0 accepted rows, where there is one." in output) == (1, True)
    sample.write_text(text, encoding="utf-8-sig")

    (workbook,) = (copy / "rounds").rglob("boiler.xlsx")
    book = openpyxl.load_workbook(workbook)
    for row in book.worksheets[0].iter_rows():
        for one in row:
            if one.value == 1000:
                one.value = 1001
    book.save(workbook)
    code, output = carbonloom("verify", "--sample", copy)
    assert "differs: The file says '1001'; accepted was '1000'." in output


def test_a_blank_that_a_correction_filled_agrees_with_the_file(copy: Path):
    (workbook,) = (copy / "rounds").rglob("boiler.xlsx")
    book = openpyxl.load_workbook(workbook)
    book["Energy"]["B3"] = None
    book.save(workbook)
    code, output = carbonloom("verify", "--sample", copy)
    assert code == 1
    assert "differs: The file says nothing there; accepted was '1000'." in output

    for path in (copy / "accepted" / "stage_readings").rglob("period_month=*/*.parquet"):
        table = pq.ParquetFile(path).read()
        corrected = ["" if cell == "B3" else None for cell in table["source_cell"].to_pylist()]
        place = table.schema.get_field_index("corrected_from")
        column = pa.array(corrected, pa.string())
        pq.write_table(table.set_column(place, table.schema.field(place), column), path)
    code, output = carbonloom("verify", "--sample", copy)
    assert code == 0, output
    assert "The file says a blank: see corrections.csv" in output


def test_a_folder_without_a_sample_is_told(copy: Path, tmp_path: Path):
    manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    del manifest["files"]["audit/sample.csv"]
    (copy / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    code, output = carbonloom("verify", "--sample", copy)
    assert code == 2
    assert "made before releases had one" in " ".join(output.split())
    manifest["files"]["audit/sample.csv"] = {}
    (copy / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (copy / "audit" / "sample.csv").write_text("编号;入选\n1;x\n", encoding="gb18030")
    code, output = carbonloom("verify", "--sample", copy)
    assert (code, "Fill in a copy of it" in " ".join(output.split())) == (2, True)
    assert carbonloom("verify", "--sample", tmp_path)[0] == 2


def test_a_byte_that_changed_is_found(copy: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(
        "orchestration.release.verifying._figure_differences", lambda *_: (0, [], [])
    )
    code, output = carbonloom("verify", copy)
    assert (code, "sound" in output) == (0, True)
    names = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))["files"]
    for name in names:
        flip(copy / name, 10)
        assert [text.split(":")[0] for text in verify(copy).differences] == [name]
        flip(copy / name, 10)
    for name in ("manifest.json", "manifest.sha256"):
        flip(copy / name, 10)
        assert any("manifest" in text for text in verify(copy).differences), name
        flip(copy / name, 10)
    (copy / "parquet" / "more.parquet").write_text("x")
    assert verify(copy).differences == ("parquet/more.parquet: not part of the release.",)
    (copy / "parquet" / "more.parquet").unlink()
    (copy / "papers" / ROUND / "sign_offs.csv").unlink()
    assert verify(copy).differences == (f"papers/{ROUND}/sign_offs.csv: missing.",)


def test_a_figure_that_does_not_follow_from_the_accepted_rows_is_found(copy: Path):
    """Even where somebody made every hash fit again; every other figure is what it was."""
    name = "parquet/emissions_by_process.parquet"
    table = pq.read_table(copy / name)
    index = table.schema.get_field_index("location_based_kgco2e")
    changed = pa.array([2 * (value or 0.0) for value in table[index].to_pylist()], pa.float64())
    pq.write_table(table.set_column(index, table.schema.field(index), changed), copy / name)
    causes = "parquet/sensitivities.parquet"
    pq.write_table(pq.read_table(copy / causes).slice(1), copy / causes)
    manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    for file in (name, causes):
        size = (copy / file).stat().st_size
        manifest["files"][file] = {"sha256": sha256_of_file(copy / file), "bytes": size}
    manifest["versions"]["figures_code_sha256"] = "other"
    manifest["versions"]["packages"]["duckdb"] = "1.0.0"
    (copy / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    sha256 = sha256_of_file(copy / "manifest.json")
    (copy / "manifest.sha256").write_text(f"{sha256}  manifest.json\n")

    code, output = carbonloom("verify", copy)

    assert code == 1
    assert f"{name}: mill" in output and "location_based_kgco2e 1000.0, calculated 500.0" in output
    assert f"marts.duckdb: {table.num_rows} rows of emissions_by_process" in output
    assert "note: Released by other code" in output
    # which causes of error are known changes no emission
    assert f"note: {causes}: other causes of error than the code that runs now knows of" in output
    assert f"note: Released with duckdb 1.0.0, here {duckdb.__version__}." in output
    different = [line for line in output.splitlines() if line.startswith("differs: ")]
    about = ("emissions_by_process", "marts.duckdb: 1 rows of sensitivities")
    assert all(any(one in line for one in about) for line in different)


def test_a_folder_that_is_no_release_is_told(tmp_path: Path):
    code, output = carbonloom("verify", tmp_path)
    assert (code, "manifest.json" in output) == (2, True)


def test_rounding_is_no_difference_and_more_is(tmp_path: Path):
    tables = {"was": [1.0, 1e8, 1e-9], "same": [1.0 + 1e-12, 1e8, 3e-9], "other": [1.001, 1e8, 0]}
    for name, values in tables.items():
        table = pa.table({"key": ["a", "b", "residue"], "kg": pa.array(values, pa.float64())})
        pq.write_table(table, tmp_path / name)
    with duckdb.connect() as connection:
        assert compared(connection, "x", tmp_path / "was", tmp_path / "same") == []
        different = compared(connection, "x", tmp_path / "was", tmp_path / "other")
        fewer = tmp_path / "fewer"
        pq.write_table(pq.read_table(tmp_path / "was").slice(1), fewer)
        lost = compared(connection, "x", tmp_path / "was", fewer)
    assert different == ["x: a: kg 1.0, calculated 1.001."]
    assert lost == ["x: a: 1 rows, calculated 0; kg 1.0, calculated None."]


class KilledError(Exception):
    """What a killed process looks like from the inside."""


def test_what_was_changed_after_the_release_needs_new_signatures_and_a_new_number(
    lake: Lake, company: TinyCompany, monkeypatch: pytest.MonkeyPatch
):
    data = DataFolder(company.path)
    first = contents(lake.releases(ROUND) / "r1")
    again = release(data, lake, ROUND)
    assert (again.folder.name, again.is_new) == ("r1", False)

    correction = {
        "file": "mill/boiler.xlsx", "sheet": "Energy", "cell": "B3", "old_value": "1000",
        "new_value": "1100", "reason": "typo", "decided_by": "ann", "decided_on": "2022-02-11",
    }  # fmt: skip
    write_csv(company.path / "rounds" / ROUND / "corrections.csv", [correction])
    with monkeypatch.context() as patch:
        approvals_only(patch)
        with pytest.raises(NotReleasableError, match="changed since it was judged"):
            release(data, lake, ROUND)
        judge(company, lake, ROUND)
        with pytest.raises(NotReleasableError, match="round: not signed by approver"):
            release(data, lake, ROUND)
    sign(company, lake)

    def die(*_: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(releasing, "write_manifest", die)
        patch.setattr(Lake, "remove_folder", lambda *_: None)  # nobody cleans up after a kill
        with pytest.raises(KilledError):
            release(data, lake, ROUND)
    assert [path.name for path in lake.releases(ROUND).glob("r*")] == ["r1"]
    assert lake.published.resolve().name == "r1"

    second = release(data, lake, ROUND)

    assert (second.folder.name, second.is_new) == ("r2", True)
    assert sorted(path.name for path in lake.releases(ROUND).iterdir()) == ["r1", "r2"]
    assert total(second.folder) == pytest.approx(FIGURE + 100 * 0.5)
    assert lake.published.resolve() == second.folder
    follows = second.manifest["release"]["follows"]
    assert follows == {"release": "r1", "manifest_sha256": first["manifest.json"]}
    assert contents(lake.releases(ROUND) / "r1") == first


def test_every_missing_approval_is_listed_at_once_and_no_figure_of_an_incomplete_round(
    tiny_company: TinyCompany, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    lake = Lake(tmp_path / "warehouse")
    tiny_company.hand_in_workbook(LATER, diesel="about 10")
    (tiny_company.path / "rounds" / ROUND / "erp" / "water.csv").unlink()
    judge(tiny_company, lake, *MONTHS)
    tiny_company.hand_in_workbook(ROUND, diesel=11)
    elsewhere = tmp_path / "scan.pdf"
    elsewhere.write_bytes(b"%PDF")
    (tiny_company.path / "rounds" / ROUND / "mill" / "scan.pdf").symlink_to(elsewhere)

    monkeypatch.delattr(releasing, "recompute")
    with pytest.raises(NotReleasableError) as missing:
        release(DataFolder(tiny_company.path), lake, LATER, today=date(2022, 3, 1))

    text = "\n".join(missing.value.missing)
    for part in (
        "rounds/2022-02/mill/boiler.xlsx: changed since it was judged",
        "rounds/2022-02/mill/scan.pdf: It lies behind a link that leads out of the data folder",
        "2022-02 erp/water: not handed in",
        "2022-03 mill/boiler: refused with 1 critical finding.",
        "2022-03 erp/water: not signed by preparer, reviewer, approver; source_sha256",
        "2022-02 round: not signed by approver; content_sha256",
    ):
        assert part in text
    assert not missing.value.figures_judged
    assert not lake.published.exists()
    assert not lake.releases(LATER).exists()


def test_open_figures_of_a_complete_round_are_listed_with_the_missing_signatures(
    lake: Lake, company: TinyCompany, monkeypatch: pytest.MonkeyPatch
):
    approvals_only(monkeypatch)
    monkeypatch.setattr(releasing, "figures_missing", lambda *_: ["mass_balance: open"])
    with pytest.raises(NotReleasableError) as missing:
        release(DataFolder(company.path), lake, LATER)

    *unsigned, open_figure = missing.value.missing
    assert any("2022-03 mill/boiler: not signed by preparer" in line for line in unsigned)
    assert open_figure == "mass_balance: open"
    assert missing.value.figures_judged
