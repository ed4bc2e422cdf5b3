"""What domain lists do not see."""

from __future__ import annotations

import pytest

from lakewarden.proofs.facts.firewall import leaks, protocols_seen, traps


def test_a_list_reads_the_protocols_of_its_targets_alone():
    assert protocols_seen(frozenset({"TLS_SNI"})) == {"tls"}
    assert protocols_seen(frozenset({"TLS_SNI", "HTTP_HOST"})) == {"tls", "http"}
    assert protocols_seen(frozenset()) == frozenset()


def test_a_target_that_nobody_knows_is_an_error():
    with pytest.raises(KeyError, match="QUIC_SNI"):
        protocols_seen(frozenset({"QUIC_SNI"}))


@pytest.mark.parametrize(
    ("name", "transport", "port"),
    [("QUIC", "udp", 443), ("SSH", "tcp", 22), ("DNS over UDP", "udp", 53)],
)
def test_what_gets_past_a_list_in_default_order(name, transport, port):
    found = {leak.name: leak for leak in leaks()}[name]
    assert (found.transport, found.ports) == (transport, (port, port))


def test_leaks_have_ports_where_their_transport_has_them_and_named_ones_come_first():
    for leak in leaks():
        assert (leak.ports is None) is (leak.transport == "icmp")
        assert leak.ports is None or 0 <= leak.ports[0] <= leak.ports[1] <= 65535
    assert [leak.name for leak in leaks()][-2:] == ["other TCP", "other UDP"]


def test_every_trap_says_when_what_and_what_instead():
    assert {trap.id for trap in traps()} == {
        "alert-only", "default-order", "home-net", "server-name-unbound", "stateless-pass",
    }  # fmt: skip
    assert all(trap.when and trap.effect and trap.remedy for trap in traps())
