"""Where things are unless somebody says otherwise; told without the second that Dagster takes."""

from __future__ import annotations

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
"""Of a checkout; of an installed wheel, the folder that the packages lie in."""
HERE = REPOSITORY if (REPOSITORY / "pyproject.toml").is_file() else Path.cwd()
DATA, WAREHOUSE = HERE / "raw_data", HERE / "warehouse"
DATA_VARIABLE = "CARBONLOOM_DATA"
WAREHOUSE_VARIABLE = "CARBONLOOM_WAREHOUSE"
POSTGRES_VARIABLE = "CARBONLOOM_POSTGRES"
