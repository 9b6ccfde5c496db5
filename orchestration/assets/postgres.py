"""servers/postgres: what is published, in a schema of a PostgreSQL server; only on purpose."""

import os

from dagster import AssetExecutionContext, AssetKey, AssetsDefinition, Config, Failure, asset
from pydantic import Field

from orchestration.assets.metadata import shown_as_table
from orchestration.lake.places import POSTGRES_VARIABLE
from orchestration.resources import Folders

PUBLISHED = AssetKey(["published", "marts"])


class Target(Config):
    """What a copy is told in the launchpad; the server itself is told by the environment."""

    schema_name: str = Field(
        default="carbonloom", description="Schema that is replaced as a whole; made if missing."
    )
    wait_seconds: float = Field(
        default=60, description="How long to wait for those who still read the old figures."
    )


def postgres_asset() -> AssetsDefinition:
    """The asset that copies what is published to the server of the environment."""

    @asset(
        key=["servers", "postgres"],
        deps=[PUBLISHED],
        group_name="servers",
        kinds={"postgres"},
        description=(
            "The published marts in one schema of a PostgreSQL server, swapped in one transaction "
            f"that waits for readers. `{POSTGRES_VARIABLE}` names the server, such as "
            "`postgresql://USER@HOST/DATABASE` or `service=NAME`; the password comes by "
            "`PGPASSWORD`, `~/.pgpass` or the service file."
        ),
    )
    def copied(context: AssetExecutionContext, folders: Folders, config: Target) -> None:
        from orchestration.bi.asking import NoMartsError
        from orchestration.bi.postgres import NoServerError, PostgresError, copy_to_postgres

        url = os.environ.get(POSTGRES_VARIABLE)
        if not url:
            raise Failure(f"{POSTGRES_VARIABLE} names no server.", allow_retries=False)
        try:
            done = copy_to_postgres(
                folders.lake.published, url, config.schema_name, config.wait_seconds
            )
        except (NoMartsError, NoServerError, PostgresError) as error:
            raise Failure(str(error), allow_retries=False) from None
        tables = [{"table": name, "rows": rows} for name, rows in done.rows.items()]
        context.add_output_metadata(
            {
                "place": f"{done.place}, schema {done.schema}",
                "status": done.publication["status"],
                "round": done.publication["round"] or "",
                "undeclared_keys": "; ".join(done.undeclared),
                "dagster/row_count": sum(done.rows.values()),
                "tables": shown_as_table(tables, ("table", "rows")),
            }
        )

    return copied
