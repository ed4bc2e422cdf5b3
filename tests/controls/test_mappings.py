"""What controls say of other catalogues."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from lakewarden.controls.kit.mapping import FRAMEWORKS, Relation, also
from lakewarden.controls.kit.registry import controls

IDS = {
    name: set(text.split())
    for name, text in tomllib.loads(
        (Path(__file__).parent.parent / "published" / "catalogue_ids.toml").read_text("utf-8")
    ).items()
}


def test_the_catalogues_are_known():
    assert set(IDS) == set(FRAMEWORKS.values())


@pytest.mark.parametrize("control", controls(), ids=lambda c: c.id)
def test_it_is_mapped_to_entries_that_exist_with_a_reason_that_continues_because_it(control):
    named = [(m.framework, m.id) for m in control.maps]
    assert [(framework, entry) for framework, entry in named if entry not in IDS[framework]] == []
    assert len(named) == len(set(named))
    frameworks = {m.framework for m in control.maps}
    assert frameworks >= {"NIST-800-53r5", "ISO-27001-2022", "CSA-CCM-4.0", "SOC2"}
    for mapping in control.maps:
        assert 20 <= len(mapping.reason) <= 110
        assert mapping.reason[0].islower()
        assert not mapping.reason.endswith(".")


def test_every_check_that_people_know_from_sat_has_a_control_or_is_about_adoption():
    mapped = {m.id for c in controls() for m in c.maps if m.framework == "SAT"}
    adoption = {"DP-1", "DP-14", "GOV-22", "GOV-28", "INFO-3", "INFO-29"}
    elsewhere = {"NS-6", "NS-14"}  # of another cloud; a probe from the compute plane
    assert IDS["SAT"] - mapped <= adoption | elsewhere


def test_ids_are_separated_by_blanks_and_share_relation_and_reason():
    found = also(
        "limits where sign-ins come from", Relation.SUBSET, nist="AC-17 SC-7", soc2="CC6.6"
    )
    assert [(m.framework, m.id) for m in found] == [
        ("NIST-800-53r5", "AC-17"),
        ("NIST-800-53r5", "SC-7"),
        ("SOC2", "CC6.6"),
    ]
    assert {m.relation for m in found} == {Relation.SUBSET}
