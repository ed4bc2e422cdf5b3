from __future__ import annotations

import pytest

from collect.stubs import DENIED, ROOT, StubHost, collected
from lakewarden.estate.fact import UnreadError
from lakewarden.estate.given import given
from lakewarden.estate.perimeter import CONNECTIVITY_RULES, NETWORK_POLICIES, SERVING_ENDPOINTS

RULE = {"rule_id": "r1", "connection_state": "ESTABLISHED", "enabled": True}


def path(config):
    return f"{ROOT}/network-connectivity-configs/{config}/private-endpoint-rules"


def workspaces(*configs):
    return given(
        workspaces=[
            {"workspace_id": n, "network_connectivity_config_id": config}
            for n, config in enumerate(configs, 1)
        ]
    )


def test_rules_are_read_once_for_each_configuration_in_use():
    host = StubHost({path("c1"): {"items": [RULE]}})
    found = collected(CONNECTIVITY_RULES, host, before=workspaces("c1", None, "c1"))
    assert host.paths == [path("c1")]
    (rule,) = found["c1"].rules.get()
    assert (rule.connection_state, rule.enabled) == ("ESTABLISHED", True)


def test_rules_are_read_to_the_last_page():
    def page(query):
        more = {} if query.get("page_token") else {"next_page_token": "2"}
        return {"items": [{**RULE, "rule_id": query.get("page_token", "1")}], **more}

    found = collected(CONNECTIVITY_RULES, StubHost({path("c1"): page}), before=workspaces("c1"))
    assert [rule.rule_id for rule in found["c1"].rules.get()] == ["1", "2"]


@pytest.mark.parametrize("answer", [DENIED, {}])
def test_one_configuration_that_fails_leaves_the_others_whole(answer):
    host = StubHost({path("c1"): answer, path("c2"): {"items": []}})
    found = collected(CONNECTIVITY_RULES, host, before=workspaces("c1", "c2"))
    assert found["c2"].rules.get() == ()
    with pytest.raises(UnreadError):
        found["c1"].rules.get()


def test_policies_and_model_endpoints_are_lists():
    ingress = {"public_access": {"restriction_mode": "RESTRICTED_ACCESS", "allow_rules": [{}]}}
    policy = {"network_policy_id": "p1", "ingress": ingress}
    host = StubHost(
        {
            f"{ROOT}/network-policies": {"items": [policy]},
            "/api/2.0/serving-endpoints": {"endpoints": [{"name": "churn"}]},
        }
    )
    found = collected(NETWORK_POLICIES, host)["p1"]
    assert found.public_access.get() == "RESTRICTED_ACCESS"
    assert found.cross_workspace.get() is None
    assert found.public_rules.get()[0].origin is None
    assert list(collected(SERVING_ENDPOINTS, host)) == ["churn"]
