"""Where things are unless somebody says otherwise; told without the second that Dagster takes."""

from __future__ import annotations

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
DATA, WAREHOUSE = REPOSITORY / "raw_data", REPOSITORY / "warehouse"
DATA_VARIABLE = "CARBONLOOM_DATA"
WAREHOUSE_VARIABLE = "CARBONLOOM_WAREHOUSE"
POSTGRES_VARIABLE = "CARBONLOOM_POSTGRES"
