"""What was built and did not pass: it stays unpublished until a whole build passes.

A test that fails leaves the tables it judged where they are. What is built afterwards, be it one
table alone, judges only itself; so the failure is written down before anything is built, and
struck out by nothing but a build of the whole half with all of its tests.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from orchestration.calculation.dbt import DbtRun
from orchestration.lake.paths import Lake

NEVER_ENDED = "the build did not come to its end"

Run = TypeVar("Run", bound=DbtRun)


def built_under_watch(lake: Lake, half: str, build: Callable[[], Run], *, is_whole: bool) -> Run:
    """Build a half of the dbt project, or some of it, and keep in mind whether it passed.

    `is_whole`: every model and test of the half was asked for.
    """
    path = lake.unpassed(half)
    problems_before = path.read_text(encoding="utf-8") if path.exists() else ""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(problems_before or NEVER_ENDED, encoding="utf-8")
    run = build()
    if run.problems:
        path.write_text("\n".join(run.problems), encoding="utf-8")
    elif is_whole or not problems_before:
        path.unlink()
    return run


def unpassed(lake: Lake) -> Sequence[str]:
    """Why what was built may not be published; none when all of it passed."""
    return [
        f"{path.stem}: {path.read_text(encoding='utf-8').splitlines()[0]}"
        for path in sorted(lake.unpassed_halves.glob("*.txt"))
    ]
