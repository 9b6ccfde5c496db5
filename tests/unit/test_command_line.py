"""The command line's promises: help that parses, exit codes as documented, quick completion."""

from __future__ import annotations

import errno
import inspect
import os
import re
import resource
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from orchestration.commands import cli
from orchestration.commands.cli import app
from orchestration.commands.ending import CODES, MEANING, ends_with
from orchestration.gate.signing import Signed
from orchestration.lake.places import DATA, REPOSITORY
from orchestration.starting.new_folder import Started

COMMANDS = {
    " ".join(cli.spelled(command)): command
    for commands in cli.COMMANDS.values()
    for command in commands
}
HEAVY = {"pandas", "numpy", "pyarrow", "duckdb", "dagster", "dbt", "great_expectations", "jinja2"}
HELP_CPU_SECONDS = 0.5


def help_of(*command: str) -> str:
    result = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "120"})
    assert result.exit_code == 0, result.output
    return result.output


def examples(text: str) -> list[list[str]]:
    """The indented lines of a help text, without what is said behind them."""
    lines = [line.partition("  #")[0] for line in text.splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.startswith("    carbonloom ")]


def name_of(words: list[str]) -> str:
    """The command that a line calls; some have two words."""
    return next((name for name in COMMANDS if words[: len(name.split())] == name.split()), "")


def parse(words: list[str]) -> None:
    """A UsageError fails the test."""
    called, command = name_of(words).split(), typer.main.get_command(app)
    for word in called:
        command = command.commands[word]
    command.make_context(" ".join(called), words[len(called) :])


@pytest.mark.parametrize("name", COMMANDS)
def test_help_says_what_is_read_and_written_and_how_it_ends(name: str):
    text, codes = help_of(*name.split()), getattr(COMMANDS[name], CODES)
    assert re.search(r"\bReads?\b", text), text
    assert re.search(r"\b[Ww]rites?\b|read-only", text), text
    assert set(codes) <= set(MEANING)
    told = dict(re.findall(r"• (\d+) (\S.*)", text))
    assert {int(code) for code in told} == set(codes)
    for code, meaning in codes.items():
        assert meaning.startswith(told[str(code)].strip()[:40])


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_examples_of_the_help_are_commands_that_parse(name: str):
    shown = examples(inspect.getdoc(COMMANDS[name]) if name else cli.HELP)
    assert shown, f"{name} has no example"
    for line in shown:
        assert name in ("", name_of(line))
        words = line[: line.index(">")] if ">" in line else line
        parse(["2022-02-02" if word == "YYYY-MM-DD" else word for word in words])


def pages_with_commands() -> list[Path]:
    """The README and the pages beside what they are about."""
    return [REPOSITORY / "README.md", *sorted((REPOSITORY / "orchestration").glob("*/README.md"))]


def test_every_command_that_a_readme_shows_parses():
    pages = [path.read_text(encoding="utf-8") for path in pages_with_commands()]
    shown = [words for page in pages for words in examples(page) if "--help" not in words]
    assert len(shown) >= 15
    for words in shown:
        parse(words)


def test_the_documented_table_of_exit_codes_is_the_code_s_own():
    readme = (REPOSITORY / "orchestration" / "commands" / "README.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| (\d+) \| (.+) \|$", readme, flags=re.MULTILINE)
    assert {int(code): words for code, words in table} == MEANING


def test_a_command_can_not_end_with_a_code_its_help_does_not_name():
    @ends_with({0: "done"})
    def command() -> None:
        raise typer.Exit(1)

    with pytest.raises(RuntimeError, match="exit code 1"):
        command()


@pytest.mark.parametrize(
    ("trouble", "code"), [(ZeroDivisionError("a fault"), 3), (KeyboardInterrupt(), 130)]
)
def test_a_fault_and_an_interruption_do_not_look_like_a_refusal(trouble, code, monkeypatch, capsys):
    def broken(*_: object) -> bool:
        raise trouble

    monkeypatch.setattr("orchestration.commands.rule_listing.print_rules", broken)
    monkeypatch.setattr(sys, "argv", ["carbonloom", "rules"])
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == code
    assert ("a fault" in capsys.readouterr().err) == (code == 3)


def test_output_that_nobody_reads_to_its_end_does_not_look_like_a_refusal():
    for code in (
        "import sys; [sys.stdout.write('x' * 9999) for _ in range(99)]",
        "from rich.console import Console; [Console().print('x' * 9999) for _ in range(99)]",
    ):
        command = "from orchestration.commands.ending import ends_with\nimport typer\n"
        command += (
            f"app = typer.Typer()\n@app.command()\n@ends_with({{}})\ndef command():\n    {code}\n"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", command + "app()"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        process.stdout.read(1)
        process.stdout.close()
        assert process.wait() == 141
        assert process.stderr.read() == b""


OUTCOMES = [
    # command, what does its work, what that returns, exit code
    ("check f", "commands.check_on_screen.check_on_screen", 0, 0),
    ("check f", "commands.check_on_screen.check_on_screen", 1, 1),
    ("check f", "commands.check_on_screen.check_on_screen", 2, 2),
    (f"map {__file__}", "commands.map_on_screen.draft_on_screen", True, 0),
    (f"map {__file__}", "commands.map_on_screen.draft_on_screen", False, 1),
    ("init f --starter smallest", "starting.new_folder.from_starter", Started(Path("f"), "r"), 0),
    ("doctor", "commands.starting_on_screen.print_lacks", True, 0),
    ("doctor", "commands.starting_on_screen.print_lacks", False, 1),
    ("status", "commands.status_on_screen.print_status", True, 0),
    ("status", "commands.status_on_screen.print_status", False, 1),
    ("round open", "collection.round_opening.open_round", None, 0),
    ("template --round r", "collection.template.issuing.print_templates", None, 0),
    ("handbook", "collection.handbook.writing.write_handbook", [Path("f")], 0),
    ("sign --round r --role reviewer --person p", "gate.signing.sign", Signed(("a",), None), 0),
    ("rules", "commands.rule_listing.print_rules", True, 0),
    ("rules", "commands.rule_listing.print_rules", False, 2),
    ("release --round r", "commands.release_summary.print_release", True, 0),
    ("release --round r", "commands.release_summary.print_release", False, 1),
    ("verify f", "commands.release_summary.print_verification", True, 0),
    ("verify f", "commands.release_summary.print_verification", False, 1),
    ("seal f --person p --key k", "release.sealing.seal", Path("f"), 0),
    ("compare a b", "commands.restatement_on_screen.print_comparison", None, 0),
    ("report", "commands.report_on_screen.print_report", None, 0),
    ("documents", "commands.documents_on_screen.print_documents", None, 0),
    ("postgres --url u", "commands.postgres_on_screen.print_copy", None, 0),
    ("superset", "commands.superset_on_screen.write_bundle", None, 0),
    ("dictionary", "bi.dictionary.write_dictionary", Path("f"), 0),
]
"""What a command's work returns, and the code it ends with; whole runs are in tests/pipeline."""


@pytest.mark.parametrize(("line", "work", "outcome", "code"), OUTCOMES)
def test_what_the_work_returns_is_the_code_it_ends_with(line, work, outcome, code, monkeypatch):
    monkeypatch.setattr(f"orchestration.{work}", lambda *_, **__: outcome)
    result = CliRunner().invoke(app, line.split())
    assert result.exit_code == code, result.output


NOT_THERE = [
    "run --data NOWHERE",
    "run --gwp-set AR3",
    "run --round 1900-01",
    "what-if --warehouse NOWHERE --cell f#c",
    "uncertainty --warehouse NOWHERE",
    "round open --data NOWHERE",
    "template --round 1900-01",
    "handbook --data NOWHERE",
    "check NOWHERE/f.xlsx",
    "map NOWHERE/f.xlsx",
    "doctor --data NOWHERE",
    "init NOWHERE --starter none",
    "status --data NOWHERE",
    "sign --round 1900-01 --role reviewer --person nobody",
    "rules no_such_rule",
    "release --round 1900-01",
    "verify NOWHERE",
    "seal NOWHERE --person nobody --key f",
    "compare NOWHERE NOWHERE",
    "report --warehouse NOWHERE",
    "report --release NOWHERE",
    "documents --warehouse NOWHERE",
    "sql --warehouse NOWHERE 'select 1'",
    "explain 2021 2022 --warehouse NOWHERE",
    "plan --reach 5000 --warehouse NOWHERE",
    "scenario NOWHERE --warehouse NOWHERE",
    "exchange --warehouse NOWHERE",
    "postgres --warehouse NOWHERE --url postgresql://nobody@localhost/nothing",
    "superset --warehouse NOWHERE",
    "dictionary --warehouse NOWHERE",
    "factors compare NOWHERE --warehouse NOWHERE",
    "factors import NOWHERE",
    "run --no-such-option",
    "no-such-command",
]


@pytest.mark.parametrize("line", NOT_THERE)
def test_what_can_not_be_done_ends_with_2_and_says_why(line: str, tmp_path: Path):
    words = shlex.split(line.replace("NOWHERE", str(tmp_path / "nowhere")))
    result = CliRunner().invoke(app, words, env={"CARBONLOOM_WAREHOUSE": str(tmp_path / "w")})
    assert result.exit_code == 2, result.output
    assert result.output.strip()


def test_every_command_is_tried_with_every_code_short_of_a_whole_run():
    tried = {(name_of(line.split()), 2) for line in NOT_THERE}
    tried |= {(name_of(line.split()), code) for line, _, _, code in OUTCOMES}
    promised = {(name, code) for name, run in COMMANDS.items() for code in getattr(run, CODES)}
    in_pipeline = {
        *(("run", 0), ("run", 1), ("what-if", 0), ("postgres", 1)),
        *(("exchange", 0), ("exchange", 1), ("sql", 0), ("sql", 1)),
        *(("plan", 0), ("plan", 1), ("scenario", 0), ("scenario", 1)),
        *(("factors import", 0), ("factors import", 1)),
        *(("explain", 0), ("explain", 1), ("factors compare", 0), ("factors compare", 1)),
        ("uncertainty", 0),
    }
    assert promised - tried <= in_pipeline


def complete(line: str, shell: str = "bash", **environment: str) -> tuple[list[str], set[str]]:
    """What the shell is offered behind a line, and the heavy modules that were imported for it."""
    words = line.split(" ")
    variables = {
        "_CARBONLOOM_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
        "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    code = (
        "import atexit, sys; from orchestration.commands.cli import app\n"
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
        "app(prog_name='carbonloom')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **variables, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.split("\n")[:-1] if done.stdout.strip() else [], HEAVY & set(
        done.stderr.split()
    )


@pytest.fixture
def places(tmp_path: Path) -> dict[str, str]:
    """A data folder and a warehouse of bare names: completion reads nothing else."""
    data, warehouse = tmp_path / "data", tmp_path / "warehouse"
    (data / "company").mkdir(parents=True)
    (data / "rounds.csv").write_text(
        "round,first_month,last_month,expected\n"
        "2031-04,2030-01,2030-12,mill/boiler; erp/freight\n2031-05,2031-04,2031-04,mill/dryer\n",
        encoding="utf-8-sig",
    )
    (data / "company" / "products.csv").write_text(
        "product_id,name_en\nchip,Chips\nyarn,Yarn\n", encoding="utf-8"
    )
    (warehouse / "releases" / "2031-04" / "r1").mkdir(parents=True)
    return {"CARBONLOOM_DATA": str(data), "CARBONLOOM_WAREHOUSE": str(warehouse)}


def test_the_shell_completes_names_from_the_folders(places: dict[str, str], tmp_path: Path):
    releases = tmp_path / "warehouse" / "releases"
    for line, offered in (
        ("carbonloom rel", ["release"]),
        ("carbonloom run --rou", ["--round"]),
        ("carbonloom run --round ", ["2031-04", "2031-05"]),
        ("carbonloom run --round 2031-05", ["2031-05"]),
        ("carbonloom run --gwp-set AR", ["AR4", "AR5", "AR6"]),
        ("carbonloom sign --round 2031-05 --hand-in ", ["mill/dryer", "round"]),
        ("carbonloom sign --hand-in mill/b", ["mill/boiler"]),
        ("carbonloom sign --role ", ["preparer", "reviewer", "approver"]),
        ("carbonloom exchange --product c", ["chip"]),
        ("carbonloom exchange --year ", ["2030", "2031"]),
        (f"carbonloom verify {releases}", [str(releases / "2031-04" / "r1")]),
        ("carbonloom exchange --release ", [str(releases / "2031-04" / "r1")]),
    ):
        found, heavy = complete(line, **places)
        assert found == offered, line
        assert not heavy, line


def test_the_folder_named_on_the_line_counts(places: dict[str, str]):
    found, _ = complete(f"carbonloom run --data {DATA} --round 2022-04", **places)
    assert found == ["2022-04"]


def test_other_shells_show_what_a_name_stands_for(places: dict[str, str]):
    for shell in ("zsh", "fish"):
        found, _ = complete("carbonloom run --round 2031-04", shell, **places)
        assert any("2031-04" in line and "2030-01 to 2030-12" in line for line in found), shell


def test_bash_itself_completes_once_it_was_installed(places: dict[str, str], tmp_path: Path):
    script = """
        carbonloom --install-completion bash >&2
        source "$HOME"/.bash_completions/carbonloom.sh
        COMP_WORDS=(carbonloom run --round 2031-0); COMP_CWORD=3
        _carbonloom_completion carbonloom
        echo "${COMPREPLY[@]}"
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, **places, "HOME": str(tmp_path), "PATH": path}
    done = subprocess.run(
        ["bash", "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["2031-04", "2031-05"], done.stderr


def test_a_folder_that_is_not_there_offers_nothing(tmp_path: Path):
    nowhere = {"CARBONLOOM_DATA": str(tmp_path / "a"), "CARBONLOOM_WAREHOUSE": str(tmp_path / "b")}
    for line in ("run --round ", "verify ", "exchange --product ", "check f --stage "):
        assert complete(f"carbonloom {line}", **nowhere)[0] == []


def test_help_is_there_at_once():
    spent = []
    for _ in range(3):  # the fastest: another process may have slowed the others
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "orchestration.commands.cli", "--help"]
        subprocess.run(command, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(spent) < HELP_CPU_SECONDS


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EACCES, "Let this user write there"),
        (errno.EROFS, "Let this user write there"),
        (errno.ENOSPC, "Free some space"),
    ],
)
def test_what_the_machine_refuses_is_said_with_the_place(capsys, number: int, words: str):
    """A warehouse that can't be written to, or a full disk, is no fault of the program."""

    @ends_with({0: "done", 2: "not done"})
    def command() -> None:
        raise OSError(number, os.strerror(number), "/srv/warehouse")

    with pytest.raises(typer.Exit) as end:
        command()
    assert end.value.exit_code == 2
    told = capsys.readouterr().err
    assert f"/srv/warehouse: {os.strerror(number)}. {words}" in told


def test_another_fault_keeps_its_traceback():
    @ends_with({0: "done", 2: "not done"})
    def command() -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO), "/srv/warehouse")

    with pytest.raises(OSError, match="/srv/warehouse"):
        command()
