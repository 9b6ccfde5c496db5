"""Progress is drawn on a terminal, and nowhere else; Ctrl+C ends a calculation whoever listens."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from orchestration.progress import Said, doing, heard_by, step

WORK = """
import time
from orchestration.progress import doing, shown, step
with shown("starting"):
    step("first part", 0, 2)
    time.sleep(0.3)
    doing("one thing", 3, 7)
    time.sleep(0.3)
    print("a result on stdout")
print("the end")
"""


def run_with_terminal(code: str, **environment: str) -> tuple[str, str]:
    """What a program prints on stdout, and what a person sees on the terminal of its stderr."""
    ours, theirs = pty.openpty()
    variables = {name: text for name, text in os.environ.items() if name != "CI"}
    variables |= {"TERM": "xterm", "COLUMNS": "100", **environment}
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=theirs, env=variables
    )
    os.close(theirs)
    seen = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # Linux says so when the other side is closed
            break
        if not part:
            break
        seen += part
    printed = process.communicate()[0].decode()
    os.close(ours)
    assert process.returncode == 0, seen
    return printed, re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode())


def test_a_person_sees_what_is_done_and_how_far_it_is():
    printed, seen = run_with_terminal(WORK)
    assert printed == "a result on stdout\nthe end\n"
    assert re.search(r"first part +\S+ 0/2 0:00:00", seen), seen
    assert re.search(r"first part: one thing +\S+ 3/7 0:00:00", seen), seen


@pytest.mark.parametrize("environment", [{"CI": "true"}, {"TERM": "dumb"}])
def test_a_build_server_and_a_dumb_terminal_see_nothing(environment: dict[str, str]):
    assert run_with_terminal(WORK, **environment)[1] == ""


def test_a_log_gets_nothing_even_when_colours_are_forced():
    done = subprocess.run(
        [sys.executable, "-c", WORK],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "FORCE_COLOR": "1", "TERM": "xterm"},
    )
    assert (done.stdout, done.stderr) == ("a result on stdout\nthe end\n", "")


def test_what_is_done_is_heard_only_where_somebody_listens():
    heard: list[Said] = []
    step("before")
    with heard_by(heard.append):
        step("inside", 1, 2)
        doing("more", 3, 4)
    doing("after")
    assert heard == [Said("inside", 1, 2, is_step=True), Said("more", 3, 4)]


DEAF = """
import signal, sys, time
from orchestration.commands.interrupting import interruptible
from orchestration.lake.scratch import scratch_folder
signal.signal(signal.SIGINT, lambda *_: None)  # as Dagster does, to think about it later
with interruptible(), scratch_folder("test") as folder:
    (folder / "half").write_text("a table")
    print(folder, flush=True)
    while True:
        time.sleep(60)
"""


def test_ctrl_c_ends_what_does_not_listen_and_leaves_no_scratch_folder():
    process = subprocess.Popen(
        [sys.executable, "-c", DEAF], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    folder = Path(process.stdout.readline().strip())
    assert (folder / "half").exists()
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert time.monotonic() - began < 10
    assert "Interrupted" in told
    assert not folder.exists()


def test_other_commands_are_interrupted_as_ever():
    code = "from orchestration.commands.interrupting import interruptible\nimport os, signal\n"
    # a shell starts what runs in its background with interrupts ignored
    code += "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    code += "with interruptible():\n    pass\ntry:\n    os.kill(os.getpid(), signal.SIGINT)\n"
    code += "    import time; time.sleep(5)\nexcept KeyboardInterrupt:\n    print('raised')\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "raised\n"
