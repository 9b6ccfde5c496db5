"""Who gets a release installs the wheel and nothing else: it has to hold what the code reads."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

from orchestration.lake.places import REPOSITORY

ROOMS = ("orchestration", "expectations", "dbt_project")
LEFT_OUT = ("README.md", ".sqlfluff", ".gitignore", ".user.yml")
"""For who reads or lints the checkout."""


def test_the_wheel_holds_every_file_that_the_code_reads(tmp_path: Path):
    listed = subprocess.run(
        ["git", "ls-files", "-z", *ROOMS, "pyproject.toml", "README.md", "LICENSE"],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    files = [name for name in listed.split("\0") if name and (REPOSITORY / name).exists()]
    for name in files:
        target = tmp_path / "checkout" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(REPOSITORY / name, target)
    build = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
    command = [sys.executable, "-c", build, str(tmp_path)]
    subprocess.run(command, cwd=tmp_path / "checkout", check=True, capture_output=True, timeout=120)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
        archive.extractall(tmp_path / "installed")
    wanted = {
        name
        for name in files
        if name.startswith(ROOMS) and PurePosixPath(name).name not in LEFT_OUT
    }
    assert wanted - held == set()
    assert held - set(files) == set()
    # apart from the checkout, folders are those of whoever asks
    asked = "from orchestration.lake.places import DATA, REPOSITORY; print(DATA, REPOSITORY)"
    told = subprocess.run(
        [sys.executable, "-c", asked], cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "installed")}, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert told.split() == [str(tmp_path / "raw_data"), str(tmp_path / "installed")]
