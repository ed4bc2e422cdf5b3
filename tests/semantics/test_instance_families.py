"""Instance families: the traps among their names."""

from __future__ import annotations

import pytest

from lakewarden.semantics.instance_families import family_of, runs_on_xen


@pytest.mark.parametrize(
    ("instance_type", "xen"),
    [
        ("i3.xlarge", True),
        ("i3en.xlarge", False),
        ("i3.metal", False),
        ("m4.large", True),
        ("m5d.large", False),
        ("r4.8xlarge", True),
        ("x1e.xlarge", True),
        ("c7gn.2xlarge", False),
        ("m-fleet.xlarge", False),
        ("i3", True),
    ],
)
def test_which_types_run_on_xen(instance_type, xen):
    assert runs_on_xen(instance_type) is xen


def test_a_family_is_what_stands_before_the_size():
    assert family_of("u-6tb1.112xlarge") == "u-6tb1"
