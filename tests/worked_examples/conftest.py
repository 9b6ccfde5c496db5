"""A PostgreSQL server for the worked examples, where the machine has one."""

from __future__ import annotations

import pytest

from tests.bi.conftest import owner_url, socket_folder, url  # noqa: F401 (pytest takes them here)

pytest.register_assert_rewrite("tests.worked_examples.life")


@pytest.fixture
def server(request: pytest.FixtureRequest) -> str | None:
    """A database of this test's own; without a server the other steps are taken all the same."""
    try:
        return request.getfixturevalue("url")
    except pytest.skip.Exception:
        return None
