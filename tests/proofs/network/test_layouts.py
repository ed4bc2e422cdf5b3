"""Every layout gets the verdict that was written beside it."""

from __future__ import annotations

import pytest

from lakewarden.proofs.network.egress import egress
from proofs.network.layouts import LAYOUTS


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_a_layout_gets_its_verdict(layout):
    found = egress(layout.topology, layout.network)
    assert found.outcome.value == layout.outcome, str(found)
    assert found.path == layout.path
    assert (found.v4, found.v6) == (layout.v4, layout.v6)
    assert str(found.services) == layout.services
    assert tuple(named.name for named in found.names) == layout.names
    assert tuple(map(str, found.missing)) == layout.missing


def test_there_are_layouts_for_every_outcome():
    assert len(LAYOUTS) >= 16
    assert {layout.outcome for layout in LAYOUTS} == {
        "no internet",
        "named destinations only",
        "arbitrary internet",
        "unknown",
    }
