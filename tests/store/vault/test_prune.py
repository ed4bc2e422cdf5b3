"""What is pruned: whole old runs, and only what no other run needs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakewarden.cli.sync import newest_complete
from lakewarden.clock import parse_time
from lakewarden.errors import UsageError, VaultError
from lakewarden.store.vault.as_of import as_of, chosen
from lakewarden.store.vault.manifest import Collection, Entry, Status
from lakewarden.store.vault.opened import opened
from lakewarden.store.vault.packed import PACKS
from lakewarden.store.vault.prune import held, hold, prune, release
from lakewarden.store.vault.signing import Signer
from store.vault.vaults import HOST, RUN, backed_up, contents, listed, problems


def _run(day, host=HOST):
    return replace(
        RUN, id=f"202611{day:02}T000000Z-x", host=host, ended=f"2026-11-{day:02}T00:00:00Z"
    )


def _filled(folder, runs):
    """Make one run a day, each of some blobs, which are complete or not."""
    for day, (blobs, complete, host) in enumerate(runs, 1):
        with opened(str(folder / "v"), spool=folder / "spool", create=True) as vault:
            digests = sorted({vault.put(b"%d" % blob * 50) for blob in blobs})
            entries = [Entry("x", digest, content=digest) for digest in digests]
            collections = listed(entries) if complete else {"x": Collection(Status.PARTIAL)}
            run = replace(_run(day, host), collections=collections)
            vault.seal(run, entries, Signer.of_this_machine())


@given(
    st.lists(
        st.tuples(st.sets(st.integers(0, 9)), st.booleans(), st.sampled_from("ab")),
        min_size=1,
        max_size=8,
    ),
    st.integers(1, 3),
    st.sets(st.integers(1, 8)),
)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_left_is_whole_and_no_complete_run_too_few(tmp_path_factory, runs, keep, holds):
    folder = tmp_path_factory.mktemp("prune")
    _filled(folder, runs)
    url = str(folder / "v")
    before = {_run(day).id: contents(url, _run(day).id) for day in range(1, len(runs) + 1)}
    with opened(url) as vault:
        for day in holds & set(range(1, len(runs) + 1)):
            hold(vault, _run(day).id)
        pruned = prune(vault, keep)
        left = [run.id for run in vault.runs()]
        assert set(pruned.runs) == set(before) - set(left)
    for day, (_blobs, _complete, host) in enumerate(runs, 1):
        later = [done for _, done, other in runs[day:] if other == host]
        assert (_run(day).id in left) is (sum(later) < keep or day in holds)
    assert {run: contents(url, run) for run in left} == {run: before[run] for run in left}
    assert [each for each in problems(url) if "the collection is partial" not in each] == []
    with opened(url) as vault:
        needed = {blob for run in left for blob in before[run].values()}
        kept = [(data,) for _digest, data in vault.blobs()]
        assert len(kept) == len(set(kept))
        assert needed <= set(kept)
        assert prune(vault, keep).runs == ()


def test_what_is_of_a_part_replaces_nothing_of_all(tmp_path):
    asked = [{"values": True}, {}, {}, {"kinds": ["job"]}, {"kinds": ["job"]}, {"paths": ["/a"]}]
    for day, selection in enumerate(asked, 1):
        with opened(str(tmp_path / "v"), spool=tmp_path / "spool", create=True) as vault:
            run = replace(_run(day), notes={"selection": selection}, collections=listed([]))
            vault.seal(run, [], Signer.of_this_machine())
    with opened(str(tmp_path / "v")) as vault:
        assert newest_complete(vault, None, None).id == _run(3).id
        assert prune(vault, 1).runs == (_run(2).id, _run(4).id)
        assert [run.part for run in vault.runs()] == ["", "", "only job", "only in /a"]
        part = replace(_run(7), notes={"selection": {"values": True}}, collections=listed([]))
    with opened(str(tmp_path / "v"), spool=tmp_path / "spool") as vault:
        vault.seal(part, [], Signer.of_this_machine())
        assert len(prune(vault, 1).runs) == 4


def test_where_no_run_listed_everything_it_is_said_what_is_lacking_and_how_to_go_on(tmp_path):
    _filled(tmp_path, [({1}, False, HOST)])
    with opened(str(tmp_path / "v")) as vault:
        with pytest.raises(UsageError, match=f"{_run(1).id}, lacks x") as refused:
            newest_complete(vault, None, None)
        assert "--run" in refused.value.next_step
        assert newest_complete(vault, _run(1).id, None).id == _run(1).id


def test_what_could_not_be_read_stays_in_the_newest_run_that_has_it(tmp_path):
    bad = ({"kind": "x", "key": "bad", "what": "500"}, {"kind": "x", "key": "7", "what": "500"})
    asked = [(), (), bad, bad]
    for day, errors in enumerate(asked, 1):
        with opened(str(tmp_path / "v"), spool=tmp_path / "spool", create=True) as vault:
            names = ["a"] if errors else ["a", "b", "bad"]
            digest = vault.put(b"%d" % day)
            entries = [Entry("x", n, digest, stamp={"id": "7" if n == "b" else n}) for n in names]
            run = replace(_run(day), collections=listed(entries), errors=errors)
            vault.seal(run, entries, Signer.of_this_machine())
    with opened(str(tmp_path / "v")) as vault:
        assert prune(vault, 1).runs == (_run(1).id, _run(3).id)
    assert contents(str(tmp_path / "v"), _run(2).id)


def test_nothing_is_deleted_when_a_run_is_sealed_meanwhile(tmp_path, monkeypatch):
    _filled(tmp_path, [({1}, True, HOST), ({2}, True, HOST)])
    with opened(str(tmp_path / "v")) as vault:
        names, later = vault.objects.names, [_run(3)]

        def busy(prefix):
            yield from names(prefix)
            if prefix == PACKS and later:
                with opened(vault.url, spool=tmp_path / "spool") as other:
                    digest = other.put(b"1" * 50)
                    other.seal(later.pop(), [Entry("x", digest, content=digest)], None)

        monkeypatch.setattr(vault.objects, "names", busy)
        with pytest.raises(VaultError, match="sealed meanwhile"):
            prune(vault, 1)
        assert len(vault.runs()) == 3
        prune(vault, 1)
    assert contents(str(tmp_path / "v"), _run(3).id)


def test_a_run_that_is_held_stays_until_it_is_released(tmp_path):
    _filled(tmp_path, [({1}, True, "a"), ({2}, True, "a"), ({3}, True, "a")])
    with opened(str(tmp_path / "v")) as vault:
        hold(vault, _run(1).id)
        assert held(vault) == {_run(1).id}
        assert prune(vault, 1).runs == (_run(2).id,)
        release(vault, _run(1).id)
        pruned = prune(vault, 1)
        assert (pruned.runs, pruned.packs) == ((_run(1).id,), 1)
        assert [data for _digest, data in vault.blobs()] == [b"3" * 50]
        with pytest.raises(UsageError, match="there is no run"):
            hold(vault, _run(1).id)
        with pytest.raises(UsageError, match="at least one run"):
            prune(vault, 0)


def test_nothing_is_deleted_while_it_is_not_known_what_is_needed(tmp_path):
    _filled(tmp_path, [({1}, True, "a"), ({2}, True, "a"), ({3}, True, "a")])
    before = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    for name in (f"{_run(3).id}.jsonl.gz", f"{_run(1).id}.json"):
        file = tmp_path / "v" / "runs" / name
        file.write_bytes(b"x" + file.read_bytes())
        with opened(str(tmp_path / "v")) as vault, pytest.raises(VaultError):
            prune(vault, 1)
        assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == before


def test_a_git_repository_keeps_all_runs(tmp_path):
    backed_up(f"git+{tmp_path / 'v'}", tmp_path / "spool")
    with opened(str(tmp_path / "v")) as vault, pytest.raises(UsageError, match="keeps all runs"):
        prune(vault, 1)


def test_which_run_is_meant(tmp_path):
    _filled(tmp_path, [({1}, True, "a"), ({2}, True, "a")])
    with opened(str(tmp_path / "v")) as vault:
        assert chosen(vault).id == chosen(vault, host="a").id == _run(2).id
        assert chosen(vault, _run(1).id).id == _run(1).id
        assert as_of(vault, parse_time("2026-11-01T23:59")).id == _run(1).id
        assert chosen(vault, moment=parse_time("2026-11-02")).id == _run(2).id
        with pytest.raises(UsageError, match="no run from before 2026-10-31"):
            as_of(vault, parse_time("2026-10-31"))
        with pytest.raises(UsageError, match="has no run of b"):
            chosen(vault, host="b")
    _filled(tmp_path, [({1}, True, "a")] * 2 + [({3}, True, "b")])
    with opened(str(tmp_path / "v")) as vault:
        with pytest.raises(UsageError, match=r"several workspaces \(a, b\)"):
            chosen(vault)
        assert chosen(vault, host="b").id == _run(3).id
        (tmp_path / "v" / "runs" / f"{_run(2).id}.json").write_bytes(b"{}")
        for moment in (None, parse_time("2026-11-02")):
            with pytest.raises(VaultError, match="Name the run that is meant by its id"):
                chosen(vault, moment=moment, host="a")
        assert chosen(vault, _run(1).id).id == _run(1).id
