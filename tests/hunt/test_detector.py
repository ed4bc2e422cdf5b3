"""Both engines find the same, wherever it is, and what they find of a corpus is right."""

from __future__ import annotations

import time

import pytest
from benchmarks import secret_corpus
from benchmarks.hunting import score
from hypothesis import given
from hypothesis import strategies as st

from lakewarden.hunt.detector import Detector
from lakewarden.hunt.rule import library
from lakewarden.hunt.samples import filled
from lakewarden.hunt.scanners import Hyperscan, scanner
from lakewarden.hunt.sources import folder

RULES = library()


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    where = tmp_path_factory.mktemp("corpus")
    return where, secret_corpus.write(where, secret_corpus.TUNED, 2, 3)


def test_the_corpus_is_found_and_nothing_else(corpus, look):
    where, written = corpus
    result = look(*folder.documents(where))
    found = score(written, [(f.place.where, f.place.line) for f in result.findings])
    assert len(written.labels) >= 200
    assert set(found.missed) == {"hard"}
    assert found.recall > 0.93
    assert not found.false


def test_both_engines_find_the_same_of_a_corpus(corpus, look):
    where, _ = corpus
    documents = list(folder.documents(where))
    slow = look(*documents, engine="python")
    assert slow.engine == "python"
    assert slow.findings == look(*documents).findings


secrets = st.sampled_from([(r, e) for r in RULES if not r.block for e in r.examples[:1]])
noise = st.text(st.sampled_from("abcXYZ019 \n\t\"'=:/+-_.{}$é"), max_size=120)


@given(before=noise, planted=secrets, after=noise)
def test_a_secret_is_found_by_both_in_any_text(detectors, before, planted, after):
    rule, template = planted
    data = f"{before}\n{filled(template, 'any')}\n{after}".encode()
    found = detectors["hyperscan"].leaks(data, plain=True)
    assert found == detectors["python"].leaks(data, plain=True)
    assert rule.id in [leak.rule.id for leak in found]


@pytest.mark.parametrize("engine", ["hyperscan", "python"])
@pytest.mark.parametrize("offset", [0, 8150, 8192, 16360, 16384, 100_000])
def test_a_secret_in_a_long_line_is_found(detectors, engine, offset, fake):
    data = b"x," * (offset // 2) + f'{{"t": "{fake.token}"}}'.encode() + b",y" * 60_000
    [leak] = detectors[engine].leaks(data)
    assert leak.secret == fake.token.encode()
    assert data[leak.start : leak.end] == leak.secret


@pytest.mark.parametrize(
    "hostile",
    [b"secretsecret=", b"token: ", b"-----BEGIN PRIVATE KEY-----", b"PuTTY-User-Key-File-2: \n"],
)
def test_hostile_text_costs_no_more_than_its_length(detectors, hostile):
    began = time.process_time()
    detectors["hyperscan"].leaks(hostile * (100_000 // len(hostile)), plain=True)
    assert time.process_time() - began < 8


def test_of_several_rules_the_most_certain_has_it(detectors, fake):
    [leak] = detectors["hyperscan"].leaks(f'password = "{fake.token}"'.encode())
    assert leak.rule.id == "databricks-token"


def test_what_is_compiled_is_kept_and_made_again_when_it_is_damaged(tmp_path, fake):
    data = f'"{fake.token}"'.encode()
    for _ in range(2):
        assert Detector(RULES[:9], Hyperscan(RULES[:9], tmp_path)).leaks(data) is not None
    [file] = tmp_path.iterdir()
    whole = file.read_bytes()
    file.write_bytes(b"damaged")
    Hyperscan(RULES[:9], tmp_path)
    assert file.read_bytes() == whole
    assert Detector(RULES[:9], Hyperscan(RULES[:9], file / "none")).leaks(data) is not None


def test_without_hyperscan_python_alone_does(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "hyperscan", None)
    assert scanner(RULES).name == "python"
