"""What SQLAlchemy and pandas see of the marts behind a URL, as JSON on stdout.

    python tests/bi/seen_by_sqlalchemy.py URL SCHEMA

A process of its own: DuckDB's module complains at its end when this dialect was loaded.
"""

from __future__ import annotations

import json
import sys

import pandas as pd
import sqlalchemy as sa

url, schema = sys.argv[1:]
read_only = {"read_only": True} if url.startswith("duckdb") else {}
engine = sa.create_engine(url, connect_args=read_only)
listing = sa.inspect(engine)
tables = listing.get_table_names(schema=schema)
columns = listing.get_columns("lineage", schema=schema)

table = sa.Table("emissions_by_process", sa.MetaData(), schema=schema, autoload_with=engine)
keys = (table.c.facility_id, table.c.ghg_scope)
some_day = sa.literal("2000-01-01", sa.String).cast(sa.Date)
query = (
    sa.select(*keys, sa.func.sum(table.c.location_based_kgco2e).label("kgco2e"))
    .where(table.c.period_month >= some_day)
    .group_by(*keys)
    .order_by(*keys)
)
frames = {name: pd.read_sql(f'select * from "{schema}"."{name}"', engine) for name in tables}
seen = {
    "about_lineage": listing.get_table_comment("lineage", schema=schema)["text"],
    "comments": {column["name"]: column["comment"] for column in columns},
    "types": {column["name"]: column["type"].as_generic().__visit_name__ for column in columns},
    "sums": pd.read_sql(query, engine).to_numpy().tolist(),
    "frames": {name: [len(frame), *frame.columns] for name, frame in frames.items()},
}
print(json.dumps(seen))
