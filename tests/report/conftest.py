"""A small company's report, and Debian's Chromium to read it in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Browser, sync_playwright

from orchestration.report.names import Names
from tests.built import Builder
from tests.system_programs import system_program


@pytest.fixture(scope="session")
def warehouse(built: Builder) -> Path:
    """Of a mill whose waste goes back into its extruder, after its rounds; nobody writes there."""
    return built("spinning_with_regrind").warehouse


@pytest.fixture(scope="session")
def site(warehouse: Path) -> Path:
    """The folder of its report."""
    return (warehouse / "report").resolve()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser a reader has."""
    chromium = system_program("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium)
        yield browser
        browser.close()


@pytest.fixture
def names(tmp_path: Path) -> Names:
    """A company of two sites that wash, one of which dries."""
    tables = {
        "facilities": [
            {"facility_id": "n", "name_en": "North", "name_zh": "北"},
            {"facility_id": "s", "name_en": "South", "name_zh": "南"},
        ],
        "processes": [
            {"process_id": "a", "facility_id": "n", "name_en": "Washing", "name_zh": "清洗"},
            {"process_id": "b", "facility_id": "s", "name_en": "Washing", "name_zh": "清洗"},
            {"process_id": "c", "facility_id": "s", "name_en": "Drying", "name_zh": "干燥"},
            {"process_id": "wash_n", "facility_id": "n", "name_en": "Rinse", "name_zh": "水洗"},
        ],
        "people": [{"person_id": "wang", "name_en": "Wang Lei", "name_zh": "王磊"}],
        "sources": [
            {"source": "stage_t", "owner": "washing shift lead", "owner_zh": "清洗班长"},
            {"source": "erp_t", "owner": "nobody known", "owner_zh": None},
        ],
        "flows": [{"flow_id": "f", "name_en": "Flow"}],
        "exclusions": [
            {"reason": "It has none.", "reason_zh": "本公司没有。"},
            {"reason": "It is small.", "reason_zh": None},
        ],
        "stages": [{"stage_code": "t", "name_en": "Stage"}],
        "products": [{"product_id": "p", "name_en": "Product"}],
        "settings": [{"key": "name_en", "value": "Company"}],
    }
    for name, rows in tables.items():
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / f"{name}.parquet")
    return Names(tmp_path)
