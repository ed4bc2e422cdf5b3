"""In logs of ordinary life the rules find every attack that was planted there, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from benchmarks.log_corpus import ACCOUNT, write
from benchmarks.truth import found_in, lists_of, read, scores, watch_of, whole

from lakewarden.store.lake.lake import Lake
from lakewarden.store.lake.watched import LakeEvents


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return write(tmp_path_factory.mktemp("corpus"), 20_000, workspaces=2)


@pytest.fixture(scope="module")
def lake(corpus, tmp_path_factory):
    there = Lake.create(str(tmp_path_factory.mktemp("truth") / "lake"))
    done = list(read(corpus, there))
    assert sum(each.new for each in done) == corpus.events
    assert sum(each.records for each in done) == corpus.lines > corpus.events
    return there


@pytest.fixture(scope="module")
def alerts(corpus, lake, tmp_path_factory):
    events = LakeEvents(lake, lists_of(corpus))
    return found_in(events, watch_of(corpus), tmp_path_factory.mktemp("alerts"))[1]


def test_every_attack_is_found_and_nothing_else(corpus, alerts):
    result, _ = scores(corpus, alerts)
    assert {rule: score.wrong for rule, score in result.items() if score.wrong} == {}
    assert [rule for rule, score in result.items() if score.right < score.planted] == []
    assert all(score.planted for score in result.values())
    assert whole(result).near > len(result)


def test_what_is_missed_and_what_is_made_up_is_counted(corpus, alerts):
    near = next(plant for plant in corpus.plants if not plant.expected)
    (account, *_) = near.accounts
    fewer = whole(scores(corpus, [a for a in alerts if a.rule != near.rule])[0])
    assert fewer.right < fewer.planted
    for place in (account, ACCOUNT):
        made_up = replace(alerts[0], rule=near.rule, account=place)
        assert len(whole(scores(corpus, [*alerts, made_up])[0]).wrong) == 1
