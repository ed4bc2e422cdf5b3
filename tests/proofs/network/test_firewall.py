"""Rules of a firewall: what is understood, what is not, and what comes first."""

from __future__ import annotations

import pytest

from lakewarden.proofs.network.domains import NameFilter, common_names, covers
from lakewarden.proofs.network.egress import egress
from lakewarden.proofs.network.inspection import (
    DomainList,
    HeaderRule,
    RuleText,
    StatefulGroup,
    StatelessGroup,
    StatelessRule,
)
from lakewarden.proofs.network.known import Missing
from lakewarden.proofs.network.packets import EVERYWHERE
from lakewarden.proofs.network.ranges import network as net
from lakewarden.proofs.network.rule_options import options_of
from lakewarden.proofs.network.services import EVERY
from lakewarden.proofs.network.suricata import Variables, of_domains, of_header, of_text
from lakewarden.proofs.network.topology import GroupRule
from proofs.network.building import behind_firewall, domains, group, listed, network, policy, rules

HOME = net("10.0.0.0/16")
VARS = Variables({"HOME_NET": HOME, "DNS": net("9.9.9.9")}, {"WEB": ((80, 80), (443, 443))})
TLS = GroupRule("tcp", 443, 443, v4=("0.0.0.0/0",))


def text(line):
    (match,) = of_text(line, VARS, "g")
    return match


def services(line):
    return str(text(line).region.services())


def seen(used, **more):
    """Return the outcome, the services and the names of a workspace behind a policy."""
    found = egress(behind_firewall(used, **more), network())
    return found.outcome.value, str(found.services), tuple(n.name for n in found.names)


def lines(written, priority=20):
    return StatefulGroup("text", RuleText(written), priority)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("pass tcp any any -> any 443 (sid:1;)", "TCP 443"),
        ("pass tcp any any -> any [80,443] (sid:1;)", "TCP 80, 443"),
        ("pass tcp any any -> any [1:10, !5] (sid:1;)", "TCP 1-4, 6-10"),
        ("pass udp any any -> any !53 (sid:1;)", "UDP 0-52, 54-65535"),
        ("pass tcp any any -> any $WEB (sid:1;)", "TCP 80, 443"),
        ("pass tcp any any -> any 1024: (sid:1;)", "TCP 1024-65535"),
        ("pass icmp any any -> any any (sid:1;)", "ICMP, ICMPv6"),
        ("pass ip any any -> any any (sid:1;)", "every protocol"),
        ("pass tls any any -> any any (sid:1;)", "TCP"),
        ("pass quic any any -> any any (sid:1;)", "UDP"),
        ("pass dns any any -> any any (sid:1;)", "TCP, UDP"),
    ],
)
def test_a_header_names_services(line, found):
    assert services(line) == found
    assert text(line).exact


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("any", EVERYWHERE),
        ("$HOME_NET", HOME),
        ("!$HOME_NET", EVERYWHERE.minus(HOME)),
        ("$EXTERNAL_NET", EVERYWHERE.minus(HOME)),
        ("[$DNS,10.0.0.0/16]", HOME.union(net("9.9.9.9"))),
        ("[10.0.0.0/8, !10.0.0.0/16]", net("10.0.0.0/8").minus(HOME)),
        ("[!10.0.0.0/16]", EVERYWHERE.minus(HOME)),
    ],
)
def test_addresses_are_evaluated(word, found):
    match = text(f"drop ip {word} any -> any any (sid:1;)")
    assert (match.source, match.exact) == (found, True)
    match = text(f"drop ip any any -> {word} any (sid:1;)")
    assert (match.region.addresses(), match.exact) == (found, True)


@pytest.mark.parametrize(
    "line",
    [
        "pass tcp $OFFICE any -> any any (sid:1;)",
        "pass tcp any any -> any $PORTS (sid:1;)",
        "pass tcp any 1024 -> any any (sid:1;)",
        'pass tcp any any -> any any (content:"x"; sid:1;)',
        'pass tls any any -> any any (tls.sni; pcre:"/x/"; sid:1;)',
        "pass tcp any any -> any any (flow:to_client; sid:1;)",
        "pass tcp any any -> any any (geoip:dst,US; sid:1;)",
        "frobnicate tcp any any -> any any (sid:1;)",
        "this is no rule",
    ],
)
def test_what_is_not_understood_is_not_exact(line):
    match = text(line)
    assert (match.action, match.exact, match.names) == ("pass", False, None)
    outcome, _, _ = seen(policy(lines(line), default=("aws:drop_strict",)))
    assert outcome == "unknown"


def test_text_has_comments_continuations_and_alerts():
    written = """
    # pass ip any any -> any any (sid:1;)
    alert tcp any any -> any any (msg:"a; b"; sid:2;)
    drop tcp any any -> \\
      any 22 (msg:"c"; sid:3;)
    pass tcp 10.0.0.0/8 any <> 1.2.3.4/32 443 (sid:4;)
    """
    drop, there, back = of_text(written, VARS, "g")
    assert (drop.action, str(drop.region.services())) == ("drop", "TCP 22")
    assert there.region.addresses() == net("1.2.3.4")
    assert (back.source, back.region.addresses()) == (net("1.2.3.4"), net("10.0.0.0/8"))


@pytest.mark.parametrize(
    ("options", "names", "exact"),
    [
        (("tls.sni", 'content:"a.b"', "startswith", "endswith"), ("a.b",), True),
        (("tls.sni", "dotprefix", 'content:".a.b"', "nocase", "endswith"), (".a.b",), True),
        (("tls.sni", 'content:"a.b"', "endswith"), ("*a.b",), True),
        (("http.host", 'content:"a.b"'), ("*a.b*",), True),
        (("tls.sni", 'content:"a"', 'content:"b"'), ("*a*",), False),
        (("tls.sni", 'content:!"a.b"'), None, False),
        (("tls.sni", 'content:"a|2e|b"'), None, False),
        (("tls.sni",), None, False),
        (("sid:1", "rev:2", "msg:x"), None, True),
    ],
)
def test_options_name_hosts(options, names, exact):
    found = options_of(options)
    assert (found.names, found.exact) == (names, exact)


def test_flow_says_which_packets_are_seen():
    assert options_of(("flow:established,to_server",)).stage == "established"
    assert options_of(("flow:not_established",)).stage == "handshake"
    assert not options_of(("flow:stateless",)).exact


def test_an_allowlist_denies_the_rest_of_its_protocols_alone():
    found = list(of_domains(DomainList("ALLOWLIST", (".A.b",), ("TLS_SNI",)), HOME, "g"))
    assert [(m.action, m.app, m.names) for m in found] == [
        ("pass", "tls", (".a.b",)),
        ("drop", "tls", None),
    ]
    assert {m.source for m in found} == {HOME}
    assert {m.region.addresses() for m in found} == {EVERYWHERE.minus(HOME)}
    assert not list(of_domains(DomainList("ALERTLIST", ("a",)), HOME, "g"))
    denied = of_domains(DomainList("DENYLIST", ("a",)), HOME, "g")
    assert [(m.action, m.names) for m in denied] == [("drop", ("a",))] * 2
    assert not any(m.exact for m in of_domains(DomainList("ODDLIST", ("a",)), HOME, "g"))


def test_priority_decides_in_strict_order_and_actions_in_the_other():
    early = (rules("DROP TCP", priority=1), rules("PASS TCP", priority=2, name="p"))
    assert seen(policy(*early, default=("aws:drop_strict",)))[0] == "no internet"
    assert seen(policy(*early, order="DEFAULT_ACTION_ORDER"))[1] == "ICMP, TCP, UDP"
    late = (rules("DROP TCP", priority=2), rules("PASS TCP", priority=1, name="p"))
    assert seen(policy(*late, default=("aws:drop_strict",)))[1] == "TCP"


def test_a_deny_list_lets_every_other_name_out():
    used = policy(domains("evil.test", kind="DENYLIST"), order="DEFAULT_ACTION_ORDER")
    assert seen(used)[0] == "arbitrary internet"


def test_two_lists_of_names_in_strict_order_leave_the_first():
    used = policy(
        domains("a.test", priority=1),
        domains("b.test", priority=2),
        rules("DROP UDP", "DROP ICMP"),
    )
    assert seen(used) == ("named destinations only", "nothing", ("a.test",))


def test_a_list_for_tls_leaves_http_to_the_default():
    used = policy(
        domains("a.test", targets=("TLS_SNI",)), lines("pass http any any -> any 80 (sid:1;)")
    )
    assert seen(used)[1] == "ICMP, TCP 80, UDP"


def test_a_pass_for_handshakes_carries_no_data_by_tcp():
    used = policy(
        lines("pass tcp any any -> any any (flow:not_established; sid:1;)", 1),
        domains("a.test"),
        default=("aws:drop_strict",),
    )
    assert seen(used) == ("named destinations only", "nothing", ("a.test",))


def test_groups_that_a_vendor_keeps_take_only_away():
    vendor = StatefulGroup("AttackInfrastructure", Missing("rules"), 1, managed=True)
    used = policy(vendor, domains("a.test"), rules("DROP UDP", "DROP ICMP"))
    assert seen(used)[0] == "named destinations only"


def test_rules_that_nobody_read_make_it_unknown():
    unread = StatefulGroup("g", Missing("rules of g", "network-firewall:DescribeRuleGroup"), 1)
    found = egress(behind_firewall(policy(unread, domains("a.test"))), network())
    assert str(found) == "unknown: rules of g (network-firewall:DescribeRuleGroup)"


def test_an_override_by_alerts_drops_nothing():
    used = policy(rules("DROP IP", alert_only=True), default=())
    assert seen(used)[0] == "arbitrary internet"
    assert seen(policy(rules("DROP IP"), default=()))[0] == "no internet"


def test_a_group_may_have_a_home_net_of_its_own():
    closing = rules("DROP IP $HOME_NET ANY ANY ANY", addresses=(("HOME_NET", ("10.0.2.0/24",)),))
    assert seen(policy(closing, default=(), home_net=("10.5.0.0/16",)))[0] == "no internet"
    closing = rules("DROP IP $HOME_NET ANY ANY ANY")
    assert seen(policy(closing, default=(), home_net=("10.5.0.0/16",)))[0] == "arbitrary internet"


def test_an_unknown_default_action_makes_it_unknown():
    assert seen(policy(default=("aws:shrug",)))[0] == "unknown"
    newer = policy(default=("aws:drop_established_app_layer",))
    assert seen(newer)[1] == "ICMP, UDP"


def stateless(*made, default="aws:forward_to_sfe"):
    return policy(
        default=("aws:drop_strict",),
        stateless=(StatelessGroup("s", 1, made),),
        stateless_default=(default,),
    )


@pytest.mark.parametrize(
    ("used", "found"),
    [
        (stateless(default="aws:pass"), "ICMP, TCP, UDP"),
        (stateless(default="aws:drop"), "nothing"),
        (stateless(StatelessRule(1, ("aws:pass", "count"), protocols=(17,))), "UDP"),
        (
            stateless(
                StatelessRule(1, ("aws:drop",), destination_ports=((53, 53),)),
                StatelessRule(2, ("aws:pass",), protocols=(17,)),
            ),
            "UDP 0-52, 54-65535",
        ),
        (
            stateless(
                StatelessRule(2, ("aws:drop",), source_ports=((53, 53),)),
                StatelessRule(3, ("aws:pass",), protocols=(17,)),
            ),
            "UDP",
        ),
        (stateless(StatelessRule(1, ("aws:pass",), sources=("10.7.0.0/16",))), "nothing"),
        (
            stateless(
                StatelessRule(1, ("aws:pass",), ("10.0.2.0/25",), protocols=(6,)),
            ),
            "TCP",
        ),
        (
            stateless(
                StatelessRule(1, ("aws:drop",), protocols=(6,), flags=True), default="aws:pass"
            ),
            "ICMP, TCP, UDP",
        ),
    ],
)
def test_stateless_rules_come_first(used, found):
    assert seen(used)[1] == found


def test_names_from_two_firewalls_are_those_of_both():
    one = NameFilter((".a.test", "b.test", "*.c.test"), ("TLS_SNI",), "one")
    two = NameFilter(("x.a.test", ".y.a.test", "a.test", ".b.test", "z.c.test"), ("TLS_SNI",), "2")
    assert common_names((one, two)) == (".y.a.test", "a.test", "b.test", "x.a.test", "z.c.test")
    assert common_names((one, NameFilter(("d.test",), (), "3"))) == ()


@pytest.mark.parametrize(
    ("pattern", "name", "found"),
    [
        ("a.test", "A.test.", True),
        ("a.test", "x.a.test", False),
        (".a.test", "a.test", True),
        (".a.test", "x.y.a.test", True),
        (".a.test", "xa.test", False),
        ("*a.test", "xa.test", True),
        ("*a.t*", "xa.test", True),
        ("*a.t*", "x.test", False),
    ],
)
def test_patterns_cover_names(pattern, name, found):
    assert covers(pattern, name) is found


def test_weak_names_are_told():
    used = policy(
        domains(".amazonaws.com", "mirror.example.com"),
        lines('pass tls any any -> any any (tls.sni; content:"y.test"; endswith; sid:1;)', 5),
        rules("DROP UDP", "DROP ICMP"),
    )
    found = egress(behind_firewall(used, groups=listed(group((TLS,)))), network())
    weak = {named.name: bool(named.weakness) for named in found.names}
    assert weak == {"*y.test": True, ".amazonaws.com": True, "mirror.example.com": False}
    assert "named destinations only: *y.test" in str(found)


def test_a_rule_by_header_goes_both_ways_when_it_says_so():
    rule = HeaderRule("PASS", "IP", "10.0.0.0/16", direction="ANY", destination="9.9.9.9/32")
    assert [m.source for m in of_header(rule, VARS, "g")] == [HOME, net("9.9.9.9")]
    assert next(of_header(rule, VARS, "g")).region.services() == EVERY
