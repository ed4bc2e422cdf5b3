"""Credentials: what the caller signs in with outlives the plan."""

from __future__ import annotations

from dataclasses import replace

from guards.people import directory, group, machine, user
from guards.plans import ME, asked, change
from lakewarden.estate.given import refused
from lakewarden.guards.credentials import GUARD
from lakewarden.guards.guard import Caller
from lakewarden.policyfile.policy import Policy

BY_TOKEN = replace(ME, by_token=True)
ROBOT = Caller(user="app-7", display="robot")
LIST = "/access_control_list"


def token(identity, owner, creator="ann@example.com"):
    times = {"creation_time": 1, "expiry_time": -1}
    return {"token_id": identity, "owner_id": owner, "created_by_username": creator, **times}


def estate(*, tokens=(), admins=(), passwords=(), logins=(), **kinds):
    return directory(
        [user("11"), {**user("12"), "userName": "ann@example.com"}],
        [machine("7")],
        [group("g", "12", name="staff")],
        admins,
        tokens=list(tokens),
        authorization={
            "tokens": {"access_control_list": [held("users")]},
            "passwords": {"access_control_list": [held(name) for name in passwords]},
        },
        logins=list(logins),
        **kinds,
    )


def held(name):
    return {"group_name": name, "all_permissions": [{"permission_level": "CAN_USE"}]}


def grants(key, *entries):
    after = [{"permission_level": "CAN_USE", **entry} for entry in entries]
    return change("permissions", f"authorization/{key}", {LIST: []}, {LIST: after})


def refusals(snapshot, *changes, caller=BY_TOKEN, policy=None):
    given = asked(snapshot, *changes, caller=caller, policy=policy or Policy())
    return [r.why for r in GUARD.refuse(given)]


def test_own_tokens_are_not_ended_while_one_of_them_is_shown():
    tokens = estate(tokens=[token("mine", 12), token("other", 11), token("lent", 12, "x")])
    end = {
        name: change("token", name, {"/comment": ""}, None) for name in ("mine", "other", "lent")
    }
    assert refusals(tokens, end["mine"])
    assert refusals(tokens, end["lent"]), "who made it does not matter"
    assert not refusals(tokens, end["other"])
    assert not refusals(tokens, end["mine"], caller=ME)
    assert not refusals(tokens, change("token", "gone", {"/comment": ""}, None))


def test_own_tokens_do_not_lose_scopes():
    tokens = estate(tokens=[token("mine", 12)])
    less = change("token", "mine", {"/scopes": None}, {"/scopes": ["files"]})
    note = change("token", "mine", {"/comment": "a"}, {"/comment": "b"})
    assert refusals(tokens, less)
    assert not refusals(tokens, note)


def test_a_token_of_nobody_known_is_told_by_its_maker():
    unknown = replace(BY_TOKEN, user="zoe@example.com")
    tokens = estate(tokens=[token("mine", 99, "zoe@example.com"), token("other", 98)])
    end = {name: change("token", name, {"/comment": ""}, None) for name in ("mine", "other")}
    assert refusals(tokens, end["mine"], caller=unknown)
    assert not refusals(tokens, end["other"], caller=unknown)
    unread = directory([user("12")], tokens=refused())
    (why,) = refusals(unread, end["mine"])
    assert "nobody can tell" in why


def test_tokens_are_not_switched_off_under_the_caller():
    off = change("workspace_conf", "enableTokensConfig", {"/value": "true"}, {"/value": "false"})
    assert refusals(estate(), off)
    assert not refusals(estate(), off, caller=ME)
    assert not refusals(estate(), replace(off, after={"/value": "true"}))
    ninety = change("workspace_conf", "maxTokenLifetimeDays", {"/value": "0"}, {"/value": "90"})
    assert not GUARD.about(ninety)


def test_the_caller_may_go_on_using_tokens():
    nobody = grants("tokens", {"group_name": "others"})
    assert refusals(estate(), nobody)
    assert not refusals(estate(), nobody, caller=ME)
    assert not refusals(estate(), grants("tokens", {"user_name": "ann@example.com"}))
    staff = replace(BY_TOKEN, groups=("staff",))
    assert not refusals(estate(), grants("tokens", {"group_name": "staff"}), caller=staff)
    assert not refusals(estate(), grants("tokens", {"group_name": "users"}))
    assert not refusals(estate(admins=["12"]), nobody), "admins always may"
    robot = replace(ROBOT, by_token=True)
    own = grants("tokens", {"service_principal_name": "app-7"})
    assert not refusals(estate(), own, caller=robot)


def test_the_secret_of_the_calling_service_principal_is_kept():
    end = change("service_principal_secret", "7/s1", {"/id": "s1"}, None, scope="account")
    assert refusals(estate(), end, caller=ROBOT)
    assert not refusals(estate(), end, caller=ME)
    assert not refusals(estate(), end, caller=replace(ROBOT, by_token=True))
    assert not refusals(estate(), replace(end, before=None, after={"/id": "s1"}), caller=ROBOT)


def test_passwords_of_those_for_emergencies_stay():
    policy = Policy(break_glass=("staff",))
    shut = estate(passwords=["staff", "users"])
    (why,) = refusals(shut, grants("passwords"), caller=ROBOT, policy=policy)
    assert "nobody for emergencies" in why
    kept = grants("passwords", {"group_name": "staff"})
    assert not refusals(shut, kept, caller=ROBOT, policy=policy)
    assert not refusals(estate(passwords=["users"]), kept, caller=ROBOT, policy=policy)
    everybody = grants("passwords", {"group_name": "users"})
    assert not refusals(estate(passwords=["staff"]), everybody, caller=ROBOT, policy=policy)
    nobody = refusals(estate(passwords=["users"]), grants("passwords"), caller=ROBOT, policy=policy)
    assert "nobody for emergencies" in nobody[0]
    above = {"all_permissions": [{"permission_level": "CAN_USE", "inherited": True}]}
    inherited = {"passwords": {"access_control_list": [{"group_name": "staff", **above}]}}
    from_above = directory([user("11")], authorization=inherited)
    assert not refusals(from_above, grants("passwords"), caller=ROBOT, policy=policy)


def test_the_caller_who_comes_with_a_password_keeps_it():
    login = {"action": "login", "method": "", "user": "ANN@example.com"}
    used = {**login, "successes": 3, "last": 5}
    seen = estate(passwords=["users"], logins=[used])
    assert "signs in with a password" in refusals(seen, grants("passwords"), caller=ME)[0]
    assert not refusals(seen, grants("passwords", {"user_name": "ann@example.com"}), caller=ME)
    assert not refusals(seen, grants("passwords"), caller=BY_TOKEN)
    assert not refusals(seen, grants("passwords"), caller=ROBOT)
    sso = estate(passwords=["users"], logins=[{**used, "action": "samlLogin"}])
    assert not refusals(sso, grants("passwords"), caller=ME)
    unread = directory(
        [{**user("12"), "userName": "ann@example.com"}],
        authorization={"passwords": {"access_control_list": [held("users")]}},
    )
    assert "nobody can tell" in refusals(unread, grants("passwords"), caller=ME)[0]
