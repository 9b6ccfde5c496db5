"""What the charts of a dashboard hold, asked of Superset itself, as JSON in a file.

    SUPERSET/bin/python tests/bi/asked_by_superset.py DASHBOARD.ZIP OUT.JSON

It runs in the environment of Superset, with a database of its own as SQLALCHEMY_DATABASE_URI says,
and imports and asks by what its own command line and web interface use.
"""

import json
import sys
from pathlib import Path

from superset.app import create_app

bundle, out = sys.argv[1:]
USER = {"username": "admin", "password": "of the tests only"}

app = create_app()
with app.app_context():
    from flask_migrate import upgrade
    from superset.extensions import appbuilder

    upgrade()
    roles = appbuilder.sm
    appbuilder.add_permissions(update_perms=True)
    roles.sync_role_definitions()
    roles.add_user(
        USER["username"], "a", "b", "a@example.com", roles.find_role("Admin"), USER["password"]
    )
runner = app.test_cli_runner()
from superset.cli.importexport import import_dashboards  # noqa: E402 - only within an app

done = runner.invoke(import_dashboards, ["--path", bundle, "--username", USER["username"]])
assert done.exit_code == 0, done.output

client = app.test_client()
login = client.post("/api/v1/security/login", json={**USER, "provider": "db"})
headers = {"Authorization": f"Bearer {login.json['access_token']}"}
held = {}
for chart in client.get("/api/v1/chart/", headers=headers).json["result"]:
    answer = client.get(f"/api/v1/chart/{chart['id']}/data/", headers=headers)
    assert answer.status_code == 200, answer.text
    held[chart["slice_name"]] = answer.json["result"][0]["data"]
Path(out).write_text(json.dumps(held), encoding="utf-8")
