"""Writes of many threads in few transactions, and a failure that all of them hear of."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event, insert, select

from lakewarden.store.database import STORE, open_database
from lakewarden.store.together import Together


@pytest.fixture
def engine(tmp_path):
    made = open_database(f"sqlite:///{tmp_path}/store.db")
    yield made
    made.dispose()


def test_all_is_written_in_fewer_transactions(engine):
    commits = []
    event.listen(engine, "commit", lambda _: commits.append(1))
    together = Together(engine)
    with ThreadPoolExecutor(16) as pool:
        writes = [
            lambda c, n=n: c.execute(insert(STORE).values(version=100 + n)) for n in range(400)
        ]
        list(pool.map(together.write, writes))
    with engine.connect() as connection:
        found = {row.version for row in connection.execute(select(STORE))}
    assert found >= set(range(100, 500))
    assert 0 < len(commits) < 400


def test_a_write_that_fails_is_not_half_done(engine):
    together = Together(engine)

    def half(connection):
        connection.execute(insert(STORE).values(version=7))
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        together.write(half)
    together.write(lambda c: c.execute(insert(STORE).values(version=8)))
    with engine.connect() as connection:
        found = {row.version for row in connection.execute(select(STORE))}
    assert 8 in found
    assert 7 not in found
