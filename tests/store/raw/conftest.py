from __future__ import annotations

import pytest

from lakewarden.store.lake import duck
from store.raw.logs import Reader


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    with duck.open() as connection:
        yield Reader(tmp_path_factory.mktemp("raw"), connection)
