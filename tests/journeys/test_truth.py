"""What the command line says of each world, held against what a person wrote down about it.

The files in `truth/` are written by hand from the paper and the worlds. `[subjects]` names
everything that is there, by kind; what lives in a workspace is "workspace/name", and the second of
one name there "workspace/name#2". A table for each
control gives the verdict of all its subjects, and those that differ, with the reason.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from lakewarden.controls.kit.registry import controls

TRUTH = Path(__file__).parent / "truth"
WORLDS = ("high-security", "typical", "neglected", "fresh", "under-attack")
JUDGED = {control.id: control.subject.name for control in controls()}
OUTSIDE = {control.subject.name for control in controls() if not control.subject.inside}


def _truth(name: str) -> dict[str, Any]:
    return tomllib.loads((TRUTH / f"{name}.toml").read_text("utf-8"))


def _present(kind: str, subjects: dict[str, list[str]]) -> list[str]:
    """Return the subjects of a kind; one stands for their absence, in each workspace with none."""
    here = subjects[kind]
    if kind == "workspace":
        return here
    if kind in OUTSIDE:
        return here or [f"every {kind}"]
    bare = [w for w in subjects["workspace"] if not any(s.startswith(f"{w}/") for s in here)]
    return [*here, *(f"{workspace}/every {kind} of {workspace}" for workspace in bare)]


def _expected(truth: dict[str, Any]) -> dict[tuple[str, str], str]:
    verdicts = {}
    for control, kind in JUDGED.items():
        said = truth[control]
        for subject in _present(kind, truth["subjects"]):
            absent = subject.rpartition("/")[2].startswith(f"every {kind}")
            usual = "NOT_APPLICABLE" if absent else said["default"]
            verdicts[control, subject] = said.get("except", {}).get(subject, usual)
    return verdicts


def _found(report: dict[str, Any]) -> dict[tuple[str, str], str]:
    names = {w["id"]: w["name"] for w in report["deployment"]["workspaces"]}
    found: dict[tuple[str, str], str] = {}
    seen: dict[tuple[str, ...], list[str]] = {}
    for finding in report["findings"]:
        subject = finding["subject"]
        inside = subject["workspace"] and subject["kind"] != "workspace"
        prefix = f"{names[subject['workspace']]}/" if inside else ""
        same = (finding["control"], subject["kind"], subject["workspace"], subject["name"])
        ids = seen.setdefault(same, [])
        assert subject["id"] not in ids, f"{same} is judged twice"
        ids.append(subject["id"])
        number = f"#{len(ids)}" if len(ids) > 1 else ""
        found[finding["control"], f"{prefix}{subject['name']}{number}"] = finding["verdict"]
    return found


@pytest.mark.parametrize("name", WORLDS)
def test_truth_speaks_of_every_control_and_of_nothing_else(name):
    truth = _truth(name)
    assert set(truth) - {"subjects"} == set(JUDGED)
    for control, kind in JUDGED.items():
        assert truth[control]["why"], control
        strangers = set(truth[control].get("except", {})) - set(truth["subjects"][kind])
        assert not strangers, control


@pytest.mark.parametrize("name", WORLDS)
def test_verdicts_are_the_truth(run, world, name):
    expected = _expected(_truth(name))
    found = _found(run("assess", "--posture", "high", "--format", "json", world=world(name)).json)
    differences = [
        f"{control} / {subject}: truth {expected.get(key, 'has no such subject')}, "
        f"tool {found.get(key, 'has no such finding')}"
        for key in sorted(expected.keys() | found.keys())
        if expected.get(key) != found.get(key)
        for control, subject in [key]
    ]
    assert not differences, "\n" + "\n".join(differences)


def test_the_high_security_world_wants_nothing():
    assert set(_expected(_truth("high-security")).values()) == {
        "PASS",
        "ATTESTED",
        "NOT_APPLICABLE",
    }
