"""How a command ends: its exit code, and the words on stderr that go with it."""

from __future__ import annotations

import errno
import functools
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

import typer
from rich.console import Console

PASSED, REFUSED, BROKEN, FAULT, INTERRUPTED, UNREAD = 0, 1, 2, 3, 130, 141
MEANING = {
    PASSED: "done, and all is as it should be",
    REFUSED: "not as it should be: something is refused, missing or different; it is listed",
    BROKEN: "not done: the command, the data folder or what it needs is not right; it says why",
    FAULT: "a fault of Carbonloom itself; the traceback is printed, nothing half-written is used",
    INTERRUPTED: "interrupted with Ctrl+C; the next run makes good what was begun",
    UNREAD: "who read the output stopped reading, as `head` does; nothing is wrong",
}
"""Every exit code, the same for all commands."""

CODES = "exit_codes"
PERMIT = "Let this user write there, or name another folder."
OF_THE_MACHINE = {
    errno.EACCES: PERMIT,
    errno.EPERM: PERMIT,
    errno.EROFS: PERMIT,
    errno.ENOTDIR: "A file lies where a folder is needed; name another folder.",
    errno.EEXIST: "A file lies where a folder is needed; name another folder.",
    errno.ENOSPC: "Free some space, and do it again.",
}
"""What the machine refuses and the user can mend, and how."""

P = ParamSpec("P")
T = TypeVar("T")

errors = Console(stderr=True)


def ends_with(codes: dict[int, str]) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Name the exit codes of a command, for its help; it can end with no other.

    Raises:
        RuntimeError: when the command ends with a code its help doesn't name.
    """

    def named(command: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(command)
        def ending(*arguments: P.args, **options: P.kwargs) -> T:
            try:
                return command(*arguments, **options)
            except typer.Exit as end:
                if end.exit_code not in codes:
                    raise RuntimeError(
                        f"{command.__name__} ended with exit code {end.exit_code}, which its help "
                        "doesn't name"
                    ) from None
                raise
            except (BrokenPipeError, SystemExit):  # the latter is how rich takes a broken pipe
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                raise typer.Exit(UNREAD) from None
            except OSError as error:
                if error.errno not in OF_THE_MACHINE or BROKEN not in codes:
                    raise
                place = error.filename or "a file"
                raise broken(f"{place}: {error.strerror}. {OF_THE_MACHINE[error.errno]}") from None

        setattr(ending, CODES, codes)
        return ending

    return named


def help_on_ending(command: Callable[..., object]) -> str:
    """The exit codes of a command as Markdown, for the end of its help."""
    return f"Exit codes:\n\n{listed(getattr(command, CODES))}"


def listed(codes: dict[int, str]) -> str:
    """Exit codes as a list in Markdown."""
    return "\n".join(f"- `{code}` {meaning}" for code, meaning in codes.items())


def broken(message: str) -> typer.Exit:
    """Say on stderr why the command can't be done; raise what it returns."""
    say(message)
    return typer.Exit(BROKEN)


def say(message: str) -> None:
    """Tell on stderr, as it is: no markup, no folding."""
    errors.print(message, style="red", highlight=False, markup=False, soft_wrap=True)


def be_quiet() -> None:
    """Only what the reader of the screen can act on; dbt is found without an active venv."""
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "yes")
    os.environ.setdefault("PYTHONWARNINGS", "ignore")  # of processes that this one starts
    warnings.filterwarnings("ignore")
