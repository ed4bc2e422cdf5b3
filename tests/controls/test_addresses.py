from __future__ import annotations

import pytest

from lakewarden.controls.kit.addresses import inside, names_owner

ACME = ("https://github.com/acme/", "https://git.example.com")


@pytest.mark.parametrize(
    ("address", "within"),
    [
        ("https://github.com/acme/lake", True),
        ("https://github.com/acme", True),
        ("HTTPS://GitHub.com/Acme/lake.git", True),
        (" https://git.example.com/a/b ", True),
        ("https://github.com/acme-evil/lake", False),
        ("https://github.com/", False),
        ("https://github.com/acme/../somebody/lake", False),
        ("https://github.com/acme/..", False),
        ("https://git.example.com.evil.example/a", False),
        ("https://git.example.com@evil.example/a", False),
        ("http://git.example.com/a", False),
        ("", False),
    ],
)
def test_an_address_lies_within_whole_parts_of_a_prefix(address, within):
    assert inside(address, ACME) is within


def test_nothing_lies_within_no_prefix():
    assert not inside("https://github.com/acme", ())


@pytest.mark.parametrize(
    ("prefix", "named"),
    [
        ("https://github.com/acme", True),
        ("github.com/acme/", True),
        ("https://github.com/", False),
        ("https://github.com", False),
        ("github.com", False),
        ("https:///acme", False),
        ("", False),
    ],
)
def test_a_prefix_names_an_owner_or_a_host_alone(prefix, named):
    assert names_owner(prefix) is named
