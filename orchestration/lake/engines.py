"""Which engine builds the models: the embedded one, or a cluster behind a Thrift server.

It is a setting of a run and of nothing that comes out of it: who reads a warehouse doesn't know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from urllib.parse import urlsplit

DUCKDB, SPARK = "duckdb", "spark"
ENGINES = (DUCKDB, SPARK)
SCHEME = "thrift"
ENGINE_VARIABLE = "CARBONLOOM_ENGINE"
ADDRESS_VARIABLE = "CARBONLOOM_ENGINE_ADDRESS"
SETTINGS_OF_ENGINES = ("engine", "engine_address")
"""Keys of company.yml that say where figures are calculated, and nothing of the figures."""

CLIENT = ("dbt.adapters.spark", "pyhive", "thrift_sasl")
EXAMPLE = "thrift://HOST:10000"


class EngineError(Exception):
    """No engine of that name, no address of the cluster, or no client for it."""


@dataclass(frozen=True)
class Engine:
    """What dbt builds with.

    Attributes:
        name: `duckdb` or `spark`.
        host, port, user: of the cluster's Thrift server; nothing of the embedded engine.
    """

    name: str = DUCKDB
    host: str = ""
    port: int = 0
    user: str = ""

    @property
    def is_cluster(self) -> bool:
        """Whether models are built elsewhere, as Parquet in the warehouse folder."""
        return self.name == SPARK

    @property
    def address(self) -> str:
        """Of the cluster, as it is stated; blank of the embedded engine."""
        return f"{SCHEME}://{self.user}@{self.host}:{self.port}" if self.is_cluster else ""


EMBEDDED = Engine()


def engine_named(name: str, address: str, settings: Mapping[str, object]) -> Engine:
    """The engine asked for; where nothing is, that of company.yml, or the embedded one.

    `address`: of a cluster, `thrift://USER@HOST:PORT`; the user may be left out.

    Raises:
        EngineError: what is asked for can't be had; says how it can.
    """
    name = name or str(settings.get("engine") or DUCKDB)
    address = address or str(settings.get("engine_address") or "")
    if name not in ENGINES:
        raise EngineError(f"engine {name}: use {' or '.join(ENGINES)}.")
    if name == DUCKDB:
        return EMBEDDED
    parts = urlsplit(address)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if parts.scheme != SCHEME or not host or port is None:
        stated = f"{address}: no address" if address else "there is no address"
        raise EngineError(
            f"engine {name}: {stated} of a Thrift server. Name one as {EXAMPLE}, with "
            f"--engine-address, {ADDRESS_VARIABLE} or engine_address in company/company.yml."
        )
    missing = [package for package in CLIENT if not _is_installed(package)]
    if missing:
        raise EngineError(
            f"engine {name}: {', '.join(missing)} can't be imported. Install what spark.lock "
            "lists beside what requirements.lock does."
        )
    return Engine(name, host, port, parts.username or "carbonloom")


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False
