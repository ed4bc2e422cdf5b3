"""A vault in a folder: what was put comes back, and whatever happens to a file is found."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakewarden.errors import LakewardenError, UsageError, VaultError
from lakewarden.store.vault import packed
from lakewarden.store.vault.manifest import Entry, digest_of, root_of
from lakewarden.store.vault.opened import opened
from lakewarden.store.vault.places import Folder
from lakewarden.store.vault.signing import PublicKey, Signer
from store.vault.vaults import RUN, assets, backed_up, contents, listed, problems, put

_EASY = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


def _files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_what_was_backed_up_comes_back_and_only_its_owner_may_read_it(tmp_path):
    run = backed_up(tmp_path / "v", tmp_path / "spool")
    found = contents(tmp_path / "v")
    assert len(found) == run.objects == 7
    assert found["notebook", "/Users/a@b.c/n 3"][2] == b"print(3)"
    assert run.size == sum(len(data) for data in _blobs(tmp_path / "v").values())
    assert problems(tmp_path / "v") == []
    assert (tmp_path / "v").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in _files(tmp_path / "v")} == {0o600}


def test_what_has_no_name_comes_back(tmp_path):
    for url in (tmp_path / "v", f"git+{tmp_path / 'g'}"):
        backed_up(url, tmp_path / "spool", [("cluster", "", {}, [], None)])
        assert list(contents(url)) == [("cluster", "")]
        assert problems(url) == []


def _blobs(url):
    with opened(str(url)) as vault:
        return dict(vault.blobs())


@given(
    st.lists(st.lists(st.binary(max_size=300), max_size=8), max_size=5),
    st.integers(min_value=60, max_value=4000),
)
@_EASY
def test_random_blobs_come_back_however_often_it_was_cut_off(tmp_path_factory, rounds, full):
    folder = tmp_path_factory.mktemp("random")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packed, "FULL", full)
        for blobs in rounds:  # nothing is sealed in between
            with opened(str(folder / "v"), spool=folder / "spool", create=True) as vault:
                for data in blobs:
                    assert vault.put(data) == digest_of(data)
                    assert vault.get(digest_of(data)) == data
        with opened(str(folder / "v"), spool=folder / "spool", create=True) as vault:
            every = {data for blobs in rounds for data in blobs}
            assert {vault.get(digest_of(data)) for data in every} == every
            entries = [Entry("x", d, content=d) for d in sorted(map(digest_of, every))]
            vault.seal(replace(RUN, collections=listed(entries)), entries, None)
    assert set(_blobs(folder / "v").values()) == every


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A vault with two runs in several packs."""
    folder = tmp_path_factory.mktemp("whole")
    backed_up(folder / "v", folder / "spool")
    later = replace(RUN, id="20261128T010203Z-a1b2c3", ended="2026-11-28T02:00:00Z")
    backed_up(folder / "v", folder / "spool", assets(8), later)
    return folder / "v"


@given(st.data())
@settings(_EASY, max_examples=60)
def test_any_file_that_is_cut_altered_or_gone_is_found(tmp_path_factory, whole, data):
    copy = tmp_path_factory.mktemp("altered") / "v"
    shutil.copytree(whole, copy)
    file = data.draw(st.sampled_from(_files(copy)))
    content = bytearray(file.read_bytes())
    match data.draw(st.sampled_from(["cut", "flip", "gone", "longer", "swap"])):
        case "cut":
            content = content[: data.draw(st.integers(0, len(content) - 1))]
        case "flip":
            content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
        case "longer":
            content += data.draw(st.binary(min_size=1, max_size=9))
        case "swap":
            others = [each for each in _files(copy) if each.suffix == file.suffix and each != file]
            content = data.draw(st.sampled_from(others)).read_bytes() if others else b""
        case _:
            content = None
    file.unlink() if content is None else file.write_bytes(content)
    try:
        found = problems(copy)
        with opened(str(copy)) as vault:
            gone = len(vault.runs()) + len(vault.damaged()) < 2
    except LakewardenError:
        return
    assert found or (gone and content is None and file.parent.name == "runs")


def test_a_damaged_blob_is_named_by_asset_and_a_second_copy_of_it_is_used(tmp_path):
    backed_up(tmp_path / "v", tmp_path / "spool")
    file = next((tmp_path / "v" / "packs").rglob("*.pack"))
    data = file.read_bytes()
    with opened(str(tmp_path / "v")) as vault:
        digest = digest_of(b"print(3)")
        spot = vault._find(digest)
        middle = spot.offset + spot.length // 2
        file.write_bytes(data[:middle] + b"\xff\xff" + data[middle + 2 :])
        with pytest.raises(VaultError, match=f"{file}: the blob {digest} is cut or altered"):
            vault.get(digest)
    found = problems(tmp_path / "v")
    assert f"{RUN.id} notebook /Users/a@b.c/n 3: its content: a blob is cut" in " ".join(found)
    assert len(found) == 2  # and the pack
    copy = file.with_name(f"{digest_of(b'other')}.pack")
    copy.write_bytes(data)
    with opened(str(tmp_path / "v")) as vault:
        assert vault.get(digest) == b"print(3)"


def test_a_lost_pack_heals_with_the_next_backup(tmp_path):
    backed_up(tmp_path / "v", tmp_path / "spool")
    for file in (tmp_path / "v" / "packs").rglob("*.pack"):
        file.write_bytes(file.read_bytes()[:-1])
    assert len(problems(tmp_path / "v")) == 1  # all blobs are there, and the index is cut
    for file in (tmp_path / "v" / "packs").rglob("*.pack"):
        file.unlink()
    found = problems(tmp_path / "v")
    assert len(found) == 7 * 2 + 6
    assert f"{RUN.id} policy small: its spec: is missing" in found
    later = replace(RUN, id="20261128T010203Z-a1b2c3")
    backed_up(tmp_path / "v", tmp_path / "spool", run=later)
    assert problems(tmp_path / "v") == []


class _Failing(Folder):
    """A folder that fails at the n-th change, before or after it."""

    def __init__(self, root, left, after):
        super().__init__(root)
        self.left, self.after = left, after

    def put(self, name, data):
        self.left -= 1
        if self.left == 0 and self.after:
            super().put(name, data)
        if self.left == 0:
            raise KeyboardInterrupt
        super().put(name, data)


@given(st.integers(1, 6), st.booleans())
@_EASY
def test_a_seal_that_is_cut_off_is_not_seen_and_can_be_done_again(tmp_path_factory, step, after):
    folder = tmp_path_factory.mktemp("seal")
    first = backed_up(folder / "v", folder / "spool")
    later = replace(RUN, id="20261128T010203Z-a1b2c3")
    failing = _Failing(folder / "v", step, after)
    cut = False
    try:
        backed_up(folder / "v", folder / "spool", assets(9), later, bucket=failing)
    except KeyboardInterrupt:
        cut = True
    assert cut is (step <= 4)
    assert problems(folder / "v") == []
    with opened(str(folder / "v")) as vault:
        seen = [run.id for run in vault.runs()]
    assert seen == [first.id] if cut and not (step == 4 and after) else [first.id, later.id]
    again = backed_up(folder / "v", folder / "spool", assets(9), later)
    assert again.previous == first.id
    assert problems(folder / "v") == []
    with opened(str(folder / "v")) as vault:
        assert again.root == root_of(vault.entries(later.id))


def test_many_small_blobs_are_found_by_whoever_opens_it_anew(tmp_path):
    names = sorted(digest_of(b"%d" % number) for number in range(1500))
    with opened(str(tmp_path / "v"), spool=tmp_path / "spool", create=True) as vault:
        for number in range(1500):
            vault.put(b"%d" % number)
        vault.seal(RUN, [Entry("x", digest, content=digest) for digest in names], None)
    assert len(list((tmp_path / "v" / "packs").rglob("*.pack"))) == 1
    with opened(str(tmp_path / "v")) as vault:
        assert all(vault.has(digest) for digest in names)
        assert vault.get(digest_of(b"1499")) == b"1499"


def test_what_is_not_kept_or_not_in_order_is_not_sealed(tmp_path):
    with opened(str(tmp_path / "v"), spool=tmp_path / "spool", create=True) as vault:
        lost = Entry("notebook", "/a", content="0" * 64)
        with pytest.raises(VaultError, match="the content of notebook /a is not in the vault"):
            vault.seal(RUN, [lost], None)
        one, other = put(vault, assets(1))
        with pytest.raises(VaultError, match="n 0 comes after policy small"):
            vault.seal(RUN, [other, one], None)
        with pytest.raises(VaultError, match="is there twice"):
            vault.seal(RUN, [one, one], None)
        assert vault.runs() == ()


def test_who_reads_finds_what_others_write_meanwhile(tmp_path):
    backed_up(tmp_path / "v", tmp_path / "spool")
    with opened(str(tmp_path / "v")) as reader:
        assert not reader.has(digest_of(b"print(7)"))
        later = replace(RUN, id="20261128T010203Z-a1b2c3")
        backed_up(tmp_path / "v", tmp_path / "spool", assets(8), later)
        assert [run.id for run in reader.runs()] == [RUN.id, later.id]
        assert reader.get(digest_of(b"print(7)")) == b"print(7)"


def test_threads_share_it(tmp_path, monkeypatch):
    monkeypatch.setattr(packed, "FULL", 3000)
    with opened(str(tmp_path / "v"), spool=tmp_path / "spool", create=True) as vault:
        failed = []

        def work(start):
            try:
                for number in range(start, start + 200):
                    assert vault.get(vault.put(str(number).encode())) == str(number).encode()
            except VaultError as error:
                failed.append(error)

        threads = [threading.Thread(target=work, args=(start,)) for start in range(0, 600, 100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []
        entries = [
            Entry("x", d, content=d) for d in sorted(digest_of(b"%d" % n) for n in range(700))
        ]
        assert vault.seal(RUN, entries, None).objects == 700
    assert len(_blobs(tmp_path / "v")) == 700


def test_whose_signature_it_is(tmp_path, machine):
    machine("one")
    backed_up(tmp_path / "v", tmp_path / "spool")
    pem = tmp_path / "one" / "lakewarden" / "backup" / "signing.pub"
    secret = pem.with_suffix(".key")
    assert secret.stat().st_mode & 0o777 == 0o600
    machine("two")
    assert problems(tmp_path / "v") == []  # a machine that never signed takes whoever did
    stranger = Signer.of_this_machine()
    [found] = problems(tmp_path / "v")
    assert "is signed by another key" in found
    assert problems(tmp_path / "v", PublicKey.read(pem)) == []
    [manifest] = (tmp_path / "v" / "runs").glob("*.json")
    with opened(str(tmp_path / "v")) as vault:
        run = vault.manifest(RUN.id)
    manifest.write_bytes(replace(run, host="https://evil").as_bytes())
    assert "is not what was signed" in problems(tmp_path / "v", PublicKey.read(pem))[0]
    manifest.write_bytes(replace(run, signature="", public_key="").as_bytes())
    assert "is not signed" in problems(tmp_path / "v")[0]
    manifest.write_bytes(stranger.signed(run).as_bytes())
    assert problems(tmp_path / "v") == []
    assert "is signed by another key" in problems(tmp_path / "v", PublicKey.read(pem))[0]


@pytest.mark.parametrize("text", ["", "no key", "00", "-----BEGIN PUBLIC KEY-----\nAAAA"])
def test_what_is_no_public_key_is_refused(tmp_path, text):
    (tmp_path / "key").write_text(text)
    with pytest.raises(UsageError, match="is no Ed25519 public key"):
        PublicKey.read(tmp_path / "key")


def test_what_is_no_vault_is_refused(tmp_path):
    for nothing in ("", "git+"):  # not the folder that one happens to be in
        with pytest.raises(UsageError, match="no vault is named"):
            opened(nothing, create=True)
    with pytest.raises(UsageError, match="there is no vault"):
        opened(str(tmp_path / "nowhere"))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    for create in (False, True):
        with pytest.raises(UsageError, match="no vault"):
            opened(str(tmp_path / "full"), create=create)
    with pytest.raises(UsageError, match="cannot be used as a vault"):
        opened(str(tmp_path / "full" / "file"), create=True)
    with pytest.raises(VaultError, match=r"/proc/vault.*cannot be written"):
        opened("/proc/vault", create=True)
    with pytest.raises(UsageError, match="is no vault"):
        opened("ftp://host/x", create=True)
    with opened(str(tmp_path / "v"), create=True) as vault:
        for name in ("x", "../x", ""):
            with pytest.raises(UsageError, match="there is no run"):
                vault.manifest(name)
        with pytest.raises(VaultError, match="was opened for reading"):
            vault.put(b"x")


_FILLS = """
import resource, sys
from pathlib import Path
from lakewarden.errors import VaultError
from lakewarden.store.vault.opened import opened
import os
folder = Path(sys.argv[1])
with opened(str(folder / "v"), spool=folder / "spool", create=True) as vault:
    kept = [vault.put(os.urandom(1000)) for _ in range(20)]
    resource.setrlimit(resource.RLIMIT_FSIZE, (24_000, 24_000))
    try:
        for _ in range(20):
            kept.append(vault.put(os.urandom(1000)))
    except VaultError as error:
        print(error)
    vault.flush()
    print(*kept, sep="\\n")
"""


def test_a_full_disk_is_told_and_nothing_is_lost(tmp_path):
    command = [sys.executable, "-c", _FILLS, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
    said, *kept = done.stdout.splitlines()
    assert "spool.pack: cannot be written (File too large). Check" in said
    assert 20 < len(kept) < 24
    with opened(str(tmp_path / "v"), spool=Path(tmp_path / "spool")) as vault:
        for digest in kept:
            vault.get(digest)
        entries = [Entry("x", digest, content=digest) for digest in sorted(kept)]
        assert vault.seal(RUN, entries, None).objects == len(kept)


def test_whoever_cannot_write_learns_it_before_anything_is_read(tmp_path):
    backed_up(tmp_path / "v", tmp_path / "spool")
    script = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from lakewarden.store.vault.opened import opened\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
        "try: opened(sys.argv[1], spool=Path(sys.argv[2]))\n"
        "except Exception as error: print(error)"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "v"), str(tmp_path / "spool")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"{tmp_path}/v/vault.json: cannot be written (File too large)" in done.stdout
    assert problems(tmp_path / "v") == []
