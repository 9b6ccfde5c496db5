"""From a file somebody handed in to a Parquet file that says the same: nothing is judged here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from orchestration.company import (
    INSTRUMENT_COLUMNS,
    INSTRUMENTS,
    DataFolder,
    Round,
    read_csv_as_text,
)
from orchestration.ingest.mapping import SourceMap, read_hand_in
from orchestration.lake import Lake, sha256_of_file, slug_of, text_schema

LANDED_INSTRUMENTS_SCHEMA = text_schema(
    ("round", "hand_in", *INSTRUMENT_COLUMNS, "source_file", "source_sha256", "source_line")
)


@dataclass(frozen=True)
class Landed:
    """One hand-in as it was read."""

    hand_in: str
    source_file: str
    source_sha256: str
    table: pa.Table


def land_source(data: DataFolder, lake: Lake, source_map: SourceMap, round_: Round) -> list[Landed]:
    """Read every hand-in of a source in a round; one that was withdrawn is removed."""
    landed = []
    for hand_in, path in data.hand_ins(source_map, round_):
        if path is None:
            continue
        table = read_hand_in(path, source_map, round_, hand_in, data.path)
        lake.write_if_changed(lake.landed(source_map.source, round_.round, hand_in), table)
        file = path.relative_to(data.path).as_posix()
        landed.append(Landed(hand_in, file, sha256_of_file(path), table))
    folder = lake.landed(source_map.source, round_.round, "x").parent
    lake.keep_only(folder, [f"{slug_of(one.hand_in)}.parquet" for one in landed])
    return landed


def land_instruments(data: DataFolder, lake: Lake, round_: Round) -> Landed | None:
    """Read the certificates and contracts on electricity and heat of a round."""
    path = data.path / "rounds" / round_.round / "energy_instruments.csv"
    target = lake.landed("energy_instruments", round_.round, INSTRUMENTS)
    if not path.exists():
        target.unlink(missing_ok=True)
        return None
    table = _csv_with_lines(path, data.path, {"round": round_.round, "hand_in": INSTRUMENTS})
    lake.write_if_changed(target, table)
    file = path.relative_to(data.path).as_posix()
    return Landed(INSTRUMENTS, file, sha256_of_file(path), table)


def land_factor_libraries(data: DataFolder, lake: Lake) -> list[Landed]:
    """Read every factor library of the data folder, and its lists of sources and priorities."""
    landed = []
    for path in sorted((data.path / "emission_factors").glob("*.csv")):
        table = _csv_with_lines(path, data.path, {})
        lake.write_if_changed(lake.landed_library(path.stem), table)
        file = path.relative_to(data.path).as_posix()
        landed.append(Landed(path.stem, file, sha256_of_file(path), table))
    folder = lake.landed_library("x").parent
    lake.keep_only(folder, [f"{one.hand_in}.parquet" for one in landed])
    return landed


def _csv_with_lines(path: Path, relative_to: Path, leading: dict[str, str]) -> pa.Table:
    frame = read_csv_as_text(path)
    columns: dict[str, list[str | None]] = {
        name: [value] * len(frame) for name, value in leading.items()
    }
    columns |= {str(name): frame[name].tolist() for name in frame.columns}
    columns["source_file"] = [path.relative_to(relative_to).as_posix()] * len(frame)
    columns["source_sha256"] = [sha256_of_file(path)] * len(frame)
    columns["source_line"] = [str(line) for line in range(2, len(frame) + 2)]
    return pa.table(columns, schema=text_schema(columns))
