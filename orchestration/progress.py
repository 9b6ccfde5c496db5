"""What is being done now: said by the work in passing, shown on a terminal, heard by nobody else.

The work doesn't know whether anybody listens. In Dagster's own processes, in logs and in CI nobody
does.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


@dataclass(frozen=True)
class Said:
    """One thing that is being done: the how manyth, of how many where that is known."""

    what: str
    done: int = 0
    total: int | None = None
    is_step: bool = False


Listener = Callable[[Said], None]
_listeners: list[Listener] = []
_bars: list[Progress] = []


def step(what: str, done: int = 0, total: int | None = None) -> None:
    """Say which part of the command begins; `done` parts of `total` are behind it."""
    _say(Said(what, done, total, is_step=True))


def doing(what: str, done: int = 0, total: int | None = None) -> None:
    """Say what is being done inside that part."""
    _say(Said(what, done, total))


def _say(said: Said) -> None:
    for listener in _listeners:
        listener(said)


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Let somebody hear what this process does, from any of its threads."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


@contextmanager
def shown(what: str) -> Iterator[None]:
    """Show on stderr what is being done, where a person watches; gone when it is done."""
    if not _is_watched():
        yield
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.table import Column

    progress = Progress(
        SpinnerColumn(),
        TextColumn(
            "{task.description}",
            table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1),
            markup=False,
        ),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[count]}", justify="right", markup=False),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        expand=True,
        redirect_stdout=False,  # what is printed belongs to stdout, which may be a file
    )
    with progress:
        task = progress.add_task(what, total=None, count="")
        _bars.append(progress)
        try:
            with heard_by(ProgressLine(progress, task, what)):
                yield
        finally:
            _bars.remove(progress)


@contextmanager
def put_aside() -> Iterator[None]:
    """Take away what is drawn while something is printed, and draw it again below."""
    for bar in _bars:
        bar.stop()
    try:
        yield
    finally:
        for bar in _bars:
            bar.start()


class ProgressLine:
    """Draws what it hears: the part of the command, and inside it what is done now."""

    def __init__(self, progress: Progress, task: TaskID, what: str) -> None:
        self.progress, self.task = progress, task
        self.step = Said(what, is_step=True)
        self.detail: Said | None = None

    def __call__(self, said: Said) -> None:
        """Hear it and draw it."""
        if said.is_step:
            self.step, self.detail = said, None
        else:
            self.detail = said
        self.progress.update(
            self.task,
            description=self.words,
            completed=self.completed,
            total=self.step.total or (self.detail.total if self.detail else None),
            count=self.count,
        )

    @property
    def words(self) -> str:
        """The part and what is done in it."""
        return f"{self.step.what}: {self.detail.what}" if self.detail else self.step.what

    @property
    def completed(self) -> float:
        """Parts that are done, with the fraction of the one under way; else what it counts."""
        inside = self.detail or Said("")
        if self.step.total is None:
            return inside.done
        return self.step.done + (inside.done / inside.total if inside.total else 0)

    @property
    def count(self) -> str:
        """How many of how many, of what is counted innermost."""
        counted = self.detail if self.detail and self.detail.total else self.step
        return f"{counted.done}/{counted.total}" if counted.total else ""


def _is_watched() -> bool:
    """Whether stderr is a terminal that can redraw a line, and no log of a build server."""
    dumb = os.environ.get("TERM", "dumb") == "dumb"
    return sys.stderr.isatty() and not dumb and not os.environ.get("CI")
