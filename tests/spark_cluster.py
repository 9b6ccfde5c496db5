"""A Spark cluster on this machine: a standalone master, two workers and a Thrift server.

Out of the package pyspark, with Debian's Java. Each is a process of its own, as on a cluster of
many machines, and all of them end with the `with`.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import pytest

WORKERS = ("worker_1", "worker_2")
HOST = "localhost"
PATIENCE = 600
"""Seconds until the server must answer; an idle machine needs 15."""

MEMORY = {"thrift": "1g"}
SMALL = "256m"
SHORT_LIVED = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""Half of what such a short life costs would go into compiling it for a long one."""

SETTINGS = {
    "spark.driver.memory": "1g",
    "spark.executor.memory": "800m",
    "spark.sql.shuffle.partitions": "2",
    "spark.ui.enabled": "false",
    "spark.log.level": "WARN",
    # hundreds of statements over a few rows: compiling each would cost more than it saves
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    "spark.hadoop.javax.jdo.option.ConnectionURL": "jdbc:derby:memory:metastore;create=true",
}
MASTER = "org.apache.spark.deploy.master.Master"
WORKER = "org.apache.spark.deploy.worker.Worker"
SERVER = "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"


@dataclass
class SparkCluster:
    """What runs, and where it is spoken to."""

    folder: Path
    port: int
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"thrift://{HOST}:{self.port}"

    def kill(self, name: str) -> None:
        """As a machine that is gone: a worker with the executors that it started."""
        process = self.processes[name]
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")


def why_there_is_none() -> str:
    """What is missing for a cluster on this machine; blank if nothing is."""
    if shutil.which("java") is None:
        return "java is missing: install Debian's openjdk-17-jre-headless"
    missing = [name for name in ("pyspark", "pyhive", "thrift_sasl") if find_spec(name) is None]
    return f"{', '.join(missing)} not installed: make spark" if missing else ""


@contextmanager
def running_cluster(folder: Path) -> Iterator[SparkCluster]:
    """A cluster that sees this machine's folders; the test is skipped without Spark.

    Whoever hasn't asked for it by `make spark` doesn't have half a gigabyte of it.
    """
    if reason := why_there_is_none():
        pytest.skip(reason)
    import pyspark

    home = Path(pyspark.__file__).parent
    cluster = SparkCluster(folder, _free_port())
    master = f"spark://{HOST}:{_free_port()}"

    def start(name: str, program: str, *arguments: str) -> None:
        environment = {
            **os.environ,
            "SPARK_HOME": str(home),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_WORKER_DIR": str(folder / name),
            "JAVA_TOOL_OPTIONS": SHORT_LIVED,
            "SPARK_DAEMON_MEMORY": MEMORY.get(name, SMALL),
        }
        with (folder / f"{name}.log").open("wb") as log:
            cluster.processes[name] = subprocess.Popen(
                [str(home / "bin" / program), *arguments],
                env=environment,
                stdout=log,
                stderr=log,
                cwd=folder,
                start_new_session=True,
            )

    folder.mkdir(parents=True, exist_ok=True)
    port, unseen = master.rpartition(":")[2], ("--webui-port", "0")
    settings = [word for key, value in SETTINGS.items() for word in ("--conf", f"{key}={value}")]
    settings += ["--conf", f"spark.sql.warehouse.dir={folder / 'tables'}"]
    try:
        start("master", "spark-class", MASTER, "--host", HOST, "--port", port, *unseen)
        for worker in WORKERS:
            start(worker, "spark-class", WORKER, "--cores", "1", "--memory", "1g", *unseen, master)
        start(
            *("thrift", "spark-submit", "--master", master, *settings),
            *("--class", SERVER, "spark-internal"),
            *("--hiveconf", f"hive.server2.thrift.port={cluster.port}"),
            *("--hiveconf", f"hive.server2.thrift.bind.host={HOST}"),
        )
        _wait_for(cluster)
        yield cluster
    finally:
        for name in reversed(cluster.processes):
            cluster.kill(name)


def _wait_for(cluster: SparkCluster) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if cluster.processes["thrift"].poll() is not None:
            break
        with suppress(OSError), socket.create_connection((HOST, cluster.port), timeout=1):
            return
        time.sleep(0.5)
    raise RuntimeError(f"The Thrift server did not start:\n{cluster.log('thrift')[-3000:]}")


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        return int(taken.getsockname()[1])
