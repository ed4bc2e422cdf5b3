from __future__ import annotations

import pytest

from lakewarden.controls.kit.registry import chosen, control, controls, needs_of
from lakewarden.errors import UnknownControlError
from lakewarden.estate.kind import Need
from lakewarden.policyfile.limits import Posture
from lakewarden.policyfile.policy import Policy


def test_controls_come_in_the_order_of_the_paper():
    order = [(c.paper[0], c.id) for c in controls()]
    assert order == sorted(order)
    assert ("P01", "sso-enforced") in order


def test_finding_them_twice_gives_the_same_ones():
    assert controls() is controls()


def test_one_is_found_by_its_id():
    assert control("ip-access-lists").id == "ip-access-lists"


@pytest.mark.parametrize(
    ("typed", "step"),
    [("ip-acess-list", "Did you mean ip-access-lists?"), ("zzz", "`lakewarden controls`")],
)
def test_a_name_that_is_no_control(typed, step):
    with pytest.raises(UnknownControlError) as caught:
        control(typed)
    assert caught.value.exit_code == 2
    assert step in caught.value.next_step
    assert repr(typed) in caught.value.what


@pytest.mark.parametrize("posture", Posture)
def test_a_posture_asks_for_its_own(posture):
    picked = chosen(Policy(posture))
    assert picked
    assert set(picked) == {c for c in controls() if posture in c.postures}


def test_high_asks_for_all_that_standard_asks_for_and_more():
    assert set(chosen(Policy())) < set(chosen(Policy(Posture.HIGH)))


def test_those_named_are_chosen_whatever_the_posture():
    names = ["ip-access-lists", "sso-enforced"]
    assert Posture.STANDARD not in control("ip-access-lists").postures
    assert {c.id for c in chosen(Policy().naming(names))} == set(names)


def test_a_misspelt_name_among_those_named_is_not_passed_over():
    with pytest.raises(UnknownControlError):
        chosen(Policy().naming(["ip-access-lists", "no-such"]))


def test_needs_bring_what_must_be_read_before_them():
    needs = needs_of([control("cloudtrail-enabled"), control("verbose-audit-logs")])
    assert needs == {
        Need("workspaces"),
        Need("trails"),
        Need("trail_status"),
        Need("trail_selectors"),
        Need("workspace_conf", "enableVerboseAuditLogs"),
    }


def test_even_no_controls_need_to_know_the_workspaces():
    assert needs_of([]) == {Need("workspaces")}
