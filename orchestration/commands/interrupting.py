"""Ctrl+C ends a calculation at once, wherever it is, with the exit code of an interruption.

Dagster and dbt each handle the signal in their own way: one goes on, one reports a failed step, one
crashes in a thread of DuckDB. A calculation may be killed at any point and the next one makes it
good, so it isn't asked to stop; the process ends.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from orchestration.commands.ending import INTERRUPTED, say
from orchestration.lake.scratch import remove_scratch_folders

SHOW_CURSOR = "\x1b[?25h"


@contextmanager
def interruptible() -> Iterator[None]:
    """End the process on Ctrl+C, whoever handles signals inside."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread is told of signals
        return
    woken, waking = socket.socketpair()
    waking.setblocking(False)
    before = signal.set_wakeup_fd(waking.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_wait, args=(woken,), name="interruption", daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        waking.close()  # ends the thread


def _wait(woken: socket.socket) -> None:
    with woken:
        while received := woken.recv(1):
            if received[0] == signal.SIGINT:
                _leave()


def _leave() -> None:
    remove_scratch_folders()
    if sys.stderr.isatty():
        sys.stderr.write(f"{SHOW_CURSOR}\r\n")
    say("Interrupted. What was published before stays; the next run makes good what was begun.")
    os._exit(INTERRUPTED)
