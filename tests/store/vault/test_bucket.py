"""A vault in a bucket: the same as in a folder, and locked where that is asked for."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest

from lakewarden.clients.aws import AwsAccount
from lakewarden.clients.vault_bucket import VaultBucket
from lakewarden.errors import ConnectionFailedError, UsageError, VaultError
from lakewarden.store.vault.manifest import digest_of
from lakewarden.store.vault.nearby import Nearby
from lakewarden.store.vault.opened import opened
from lakewarden.store.vault.packed import PackedVault
from lakewarden.store.vault.places import Folder
from motos import moto_server
from store.vault.vaults import RUN, assets, backed_up, contents, problems

_URL = "s3://vault/some/prefix"
_LATER = replace(RUN, id="20261128T010203Z-a1b2c3", ended="2026-11-28T02:00:00Z")


@pytest.fixture(scope="module")
def client():
    with pytest.MonkeyPatch.context() as patch, moto_server() as endpoint:
        for name, value in {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "hunter2",
            "AWS_DEFAULT_REGION": "us-east-1",
        }.items():
            patch.setenv(name, value)
        client = boto3.client("s3")
        client.create_bucket(Bucket="vault")
        client.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
        yield client
        client.close()


def _bucket(url=_URL, **options):
    return VaultBucket(AwsAccount(), url, **options)


def _keys(client, bucket, prefix=""):
    listed = client.list_objects_v2(Bucket=bucket, Prefix=prefix)
    return [entry["Key"] for entry in listed.get("Contents", ())]


def test_a_bucket_without_locks_is_a_vault(client, tmp_path):
    run = backed_up(_URL, tmp_path / "spool", bucket=_bucket())
    folder = backed_up(tmp_path / "v", tmp_path / "other")
    assert (run.root, run.size) == (folder.root, folder.size)
    assert contents(_URL, bucket=_bucket()) == contents(tmp_path / "v")
    assert problems(_URL, bucket=_bucket()) == []
    later = backed_up(_URL, tmp_path / "spool", assets(8), _LATER, bucket=_bucket())
    assert later.previous == run.id
    [first, _second] = _keys(client, "vault", "some/prefix/packs")
    assert all(key.startswith("some/prefix/") for key in _keys(client, "vault"))
    body = client.get_object(Bucket="vault", Key=first)["Body"].read()
    client.put_object(Bucket="vault", Key=first, Body=body[:-3])
    [found] = problems(_URL, bucket=_bucket())
    assert found == f"a pack is cut or altered (s3://vault/{first})"
    client.delete_object(Bucket="vault", Key=first)
    assert any("its content: is missing" in each for each in problems(_URL, bucket=_bucket()))
    client.put_object(Bucket="vault", Key=first, Body=body)
    with opened(_URL, bucket=_bucket()) as vault:
        with pytest.raises(VaultError, match="is missing"):
            vault.get("0" * 64)
        assert vault.get(digest_of(b"print(1)")) == b"print(1)"


class _Counting(Folder):
    """A folder that counts what is read of it."""

    def __init__(self, root):
        super().__init__(root)
        self.reads = Counter()

    def read(self, name, offset=0, length=None):
        self.reads[name] += 1
        return super().read(name, offset, length)


@pytest.mark.parametrize("room", [1 << 20, 3000, 0])
def test_a_pack_is_fetched_once_for_all_that_is_in_it_as_long_as_there_is_room(
    tmp_path, monkeypatch, room
):
    monkeypatch.setattr("lakewarden.store.vault.packed.FULL", 1000)
    backed_up(tmp_path / "v", tmp_path / "spool", assets(40, "{0} {0} {0} {0}"))
    expected = contents(tmp_path / "v")
    folder = _Counting(tmp_path / "v")
    near = Nearby(folder, room)
    with PackedVault("v", near) as vault:
        entries = list(vault.entries(RUN.id)) * 2
        digests = [digest for entry in entries for _part, digest in entry.blobs()]
        with ThreadPoolExecutor(8) as pool:
            assert list(map(digest_of, pool.map(vault.get, digests))) == digests
        kept = list(Path(near._folder.name).iterdir())
    assert contents(tmp_path / "v") == expected
    reads = {name: count for name, count in folder.reads.items() if name.endswith(".pack")}
    assert len(reads) > 2
    if room > 3000:
        assert set(reads.values()) == {2}  # its index, and all of it
    else:
        assert len(kept) == 1
    assert not Path(near._folder.name).exists()


def test_what_is_locked_stays_and_what_a_run_needs_of_older_packs_is_locked_anew(client, tmp_path):
    url = "s3://locked/v"
    backed_up(url, tmp_path / "spool", bucket=_bucket(url, lock=("GOVERNANCE", 2)))
    pack = next(key for key in _keys(client, "locked") if key.endswith(".pack"))

    def days():
        found = client.head_object(Bucket="locked", Key=pack)
        left = found["ObjectLockRetainUntilDate"] - datetime.now(UTC)
        return found["ObjectLockMode"], round(left / timedelta(1))

    assert days() == ("GOVERNANCE", 2)
    for wanted, got in ((9, 9), (5, 9)):
        later = replace(_LATER, id=f"20261128T0102{wanted:02}Z-a1b2c3")
        backed_up(
            url, tmp_path / "spool", None, later, bucket=_bucket(url, lock=("GOVERNANCE", wanted))
        )
        assert days() == ("GOVERNANCE", got)
    with pytest.raises(VaultError, match=r"\.pack: is locked until 20"):
        _bucket(url).remove([pack.removeprefix("v/")])
    assert problems(url, bucket=_bucket(url)) == []


def test_what_cannot_be_is_refused_in_one_line(client):
    with pytest.raises(UsageError, match="the bucket has no Object Lock"):
        _bucket(lock=("COMPLIANCE", 1))
    with pytest.raises(UsageError, match="is no bucket"):
        _bucket("s3://")
    with pytest.raises(ConnectionFailedError, match=r"s3://nowhere.*NoSuchBucket") as refused:
        opened("s3://nowhere/x", bucket=_bucket("s3://nowhere/x"))
    assert refused.value.next_step == "Make the bucket, or name another one"
    with pytest.raises(ConnectionFailedError, match="NoSuchBucket"):
        _bucket("s3://nowhere/x", lock=("COMPLIANCE", 1))
    with pytest.raises(UsageError, match="there is no vault"):
        opened("s3://vault/else", bucket=_bucket("s3://vault/else"))
