"""A day of many people at a pretend deployment: requests of every kind, from everywhere.

The workload is drawn from a seed, and each request leaves the deployment as it found it, if need be
with the help of an admin, so that the same workload can be run again after something has changed.
"""

from __future__ import annotations

import http.client
import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from benchmarks.running import Running

BROWSER: Final = "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101"
CLIENT: Final = "databricks-sdk-py/0.160.0"
OFFICE: Final = "203.0.113.10"
"""Where the admin sits who tidies up."""
_DAY: Final = 86_400
_IDLE: Final = 1.0
"""After so many seconds a connection is opened anew, before the server gives it up."""
_ANALYTICS, _PRODUCTION = 2001, 2002
_MARA: Final = "adm-mara.lindqvist@typical.example"
_JONAS: Final = "adm-jonas.weber@typical.example"
_ACL: Final = "access_control_list"


@dataclass(frozen=True, slots=True)
class Ask:
    """One request.

    Attributes:
        kind: what kind of request it is.
        place: the workspace, 0 for the account.
        who: who signs in for it.
        address: where it comes from.
        call: `POST /api/...`.
        body: its JSON.
        token: the personal access token that it shows; empty for one from signing in.
        agent: the client.
        tidy: the call that undoes it, with `{}` for the id that its answer has under `made`.
        made: the path of that id in the answer, `token_info.token_id`.
        silent: nothing but its login leaves an event, so no event can say that it was refused.
    """

    kind: str
    place: int
    who: str
    address: str
    call: str
    body: Any = None
    token: str = ""
    agent: str = CLIENT
    tidy: str = ""
    made: str = ""
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request: its id, and whether it was refused or its run failed."""

    request: str
    status: int
    refused: bool
    why: str = ""


@dataclass
class Wires:
    """Connections to the hosts of a world, kept open."""

    world: Running
    _open: dict[int, http.client.HTTPConnection] = field(default_factory=dict)
    _used: dict[int, float] = field(default_factory=dict)
    _sessions: dict[str, str] = field(default_factory=dict)

    def send(self, ask: Ask) -> tuple[int, Mapping[str, str], Any]:
        """Send a request; return status, headers and JSON of its answer."""
        method, _, path = ask.call.partition(" ")
        headers = {
            "Authorization": f"Bearer {ask.token or self._session(ask.who)}",
            "X-Forwarded-For": ask.address,
            "User-Agent": ask.agent,
            "Content-Type": "application/json",
        }
        raw = None if ask.body is None else json.dumps(ask.body)
        wire = self._wire(ask.place)
        wire.request(method, path, raw, headers)
        answer = wire.getresponse()
        text = answer.read()
        found = json.loads(text) if text and answer.headers.get_content_subtype() == "json" else {}
        return answer.status, answer.headers, found

    def admin(self, place: int, call: str, body: Any = None) -> Any:
        """Make a call as an admin from the office.

        Raises:
            RuntimeError: it was refused.
        """
        status, _, found = self.send(Ask("admin", place, _MARA, OFFICE, call, body))
        if status >= http.client.BAD_REQUEST:
            raise RuntimeError(f"{call}: {status} {found}")
        return found

    def close(self) -> None:
        """Close every connection; the next request opens it again."""
        for wire in self._open.values():
            wire.close()

    def _session(self, who: str) -> str:
        if who not in self._sessions:
            self._sessions[who] = self.world.world.sign_in(who)
        return self._sessions[who]

    def _wire(self, place: int) -> http.client.HTTPConnection:
        if place not in self._open:
            served = self.world.world
            host = served.workspace_urls[place] if place else served.account_host
            parts = urlsplit(host)
            self._open[place] = http.client.HTTPConnection(parts.hostname or "", parts.port)
        now = time.monotonic()
        if now - self._used.get(place, now) > _IDLE:
            self._open[place].close()
        self._used[place] = now
        return self._open[place]


def run(wires: Wires, asks: list[Ask]) -> list[Answer]:
    """Run a workload, tidying up after each request that made something."""
    try:
        return [_run(wires, ask) for ask in asks]
    finally:
        wires.close()


def _run(wires: Wires, ask: Ask) -> Answer:
    status, headers, found = wires.send(ask)
    refused = status >= http.client.MULTIPLE_CHOICES
    why = str(found.get("message", "")) if refused and isinstance(found, dict) else ""
    if not refused and ask.tidy:
        method, _, path = ask.tidy.partition(" ")
        made: Any = found
        for step in ask.made.split("."):
            made = made[step]
        name = ask.made.rpartition(".")[2]
        body = None if "{}" in path else {name: made}
        wires.admin(ask.place, f"{method} {path.format(made)}", body)
    if not refused and ask.kind == "run a job":
        path = f"/api/2.2/jobs/runs/get?run_id={found['run_id']}"
        state = wires.admin(ask.place, f"GET {path}")["state"]
        refused, why = state["result_state"] == "FAILED", state["state_message"]
    return Answer(headers.get("X-Request-Id", ""), status, refused, why)


def prepare(wires: Wires) -> dict[str, str]:
    """Open what the plan is to close, and hand out tokens; return these by owner and workspace."""
    conf = dict.fromkeys(
        (
            *("enableExportNotebook", "enableDbfsFileBrowser", "enableUploadDataUis"),
            "mlflowRunArtifactDownloadEnabled",
        ),
        "true",
    )
    wires.admin(_ANALYTICS, "PATCH /api/2.0/workspace-conf", conf)
    path = "/api/2.0/settings/types/disable_legacy_dbfs/names/default"
    etag = wires.admin(_ANALYTICS, f"GET {path}")["etag"]
    wires.admin(_ANALYTICS, f"DELETE {path}?etag={etag}")
    wires.admin(
        _ANALYTICS,
        "PUT /api/2.1/unity-catalog/artifact-allowlists/LIBRARY_MAVEN",
        {"artifact_matchers": _matchers("com.acme:", "org.open:")},
    )
    wires.admin(
        _ANALYTICS,
        "PUT /api/2.1/unity-catalog/artifact-allowlists/LIBRARY_JAR",
        {"artifact_matchers": _matchers("/Volumes/")},
    )
    _shared_cluster(wires)
    analysts = {"group_name": "ty-data-analysts", "permission_level": "CAN_USE"}
    path = "/api/2.0/permissions/authorization/passwords"
    wires.admin(_ANALYTICS, f"PATCH {path}", {_ACL: [analysts]})
    return {f"{who}@{place}": _token(wires, place, who) for place, who in _token_owners(wires)}


def _shared_cluster(wires: Wires) -> None:
    """Make a cluster in standard access mode, on which Julia may install libraries."""
    spec = {
        "cluster_name": "shared-tools",
        "spark_version": "16.4.x-scala2.12",
        "node_type_id": "m6id.large",
        "num_workers": 1,
        "autotermination_minutes": 30,
        "data_security_mode": "USER_ISOLATION",
        "custom_tags": {"CostCenter": "4711", "Owner": "analytics", "Environment": "shared"},
    }
    made = wires.admin(_ANALYTICS, "POST /api/2.1/clusters/create", spec)["cluster_id"]
    wires.world.world.references["cluster.shared-tools"] = made
    julia = {"user_name": "julia.marek@typical.example", "permission_level": "CAN_MANAGE"}
    wires.admin(_ANALYTICS, f"PATCH /api/2.0/permissions/clusters/{made}", {_ACL: [julia]})


def _matchers(*beginnings: str) -> list[dict[str, str]]:
    return [{"artifact": text, "match_type": "PREFIX_MATCH"} for text in beginnings]


def _token_owners(wires: Wires) -> Iterator[tuple[int, str]]:
    engineers = [*_names("amelie.roux", "bruno.costa", "chiara.conti", "daan.visser")]
    for place in (_ANALYTICS, _PRODUCTION):
        yield from ((place, who) for who in (*engineers, *_machines(wires)))


def _token(wires: Wires, place: int, who: str) -> str:
    body = {"comment": "work", "lifetime_seconds": 60 * _DAY, "scopes": ["all-apis"]}
    ask = Ask("prepare", place, who, OFFICE, "POST /api/2.0/token/create", body)
    return str(wires.send(ask)[2]["token_value"])


def _names(*names: str) -> list[str]:
    return [f"{name}@typical.example" for name in names]


def _machines(wires: Wires) -> list[str]:
    known = wires.world.world.references
    return [known["application.ty-etl"], known["application.ty-ci"]]


ENGINEERS: Final = _names(
    *("amelie.roux", "bruno.costa", "chiara.conti", "daan.visser", "elena.petrova"),
    *("farid.haddad", "greta.nilsen", "hugo.martin"),
)
ANALYSTS: Final = _names(
    *("ines.oliveira", "jana.novak", "kofi.mensah", "lena.fischer", "marco.bianchi"),
    *("nadia.rahman", "oskar.berg", "paula.gomez", "quentin.leroy", "rosa.ferrari"),
    *("hana.suzuki", "ivan.dimitrov", "julia.marek", "karim.benali", "lucia.moreno"),
)
SCIENTISTS: Final = _names(
    *("stefan.horvat", "tomas.kral", "ursula.keller", "viktor.sokolov", "wanda.nowak"),
    *("xavier.puig", "yasmin.aziz", "zoe.papadaki", "anton.larsen", "birgit.maier"),
    *("carlos.rivas", "dora.szabo", "emil.hansen", "fiona.byrne", "gustav.lund"),
)
_DAILY: Final = (
    "notebook/preview",
    "notebook/results",
    "sql/results",
    "mlflow/artifact",
)


class Day:
    """Draws the requests of a day."""

    def __init__(self, wires: Wires, tokens: Mapping[str, str], seed: int) -> None:
        self._dice = random.Random(seed)  # noqa: S311  # it is to be the same every time
        self._known = wires.world.world.references
        self._account = wires.world.world.account_id
        self._tokens = tokens
        self._machines = _machines(wires)

    def asks(self, count: int) -> list[Ask]:
        """Return so many requests."""
        kinds: list[tuple[int, Callable[[], Ask]]] = [
            (14, self._me),
            (14, self._by_token),
            (4, self._account_console),
            (6, self._export),
            (8, self._download),
            (5, self._upload),
            (4, self._dbfs),
            (2, self._dbfs_read),
            (3, self._terminal),
            (3, self._password),
            (12, self._cluster),
            (4, self._edit),
            (3, self._restart),
            (5, self._job),
            (6, self._run),
            (3, self._submit),
            (3, self._new_token),
            (1, self._token_for_other),
            (4, self._library),
            (3, self._clone),
        ]
        weights = [weight for weight, _ in kinds]
        drawn = self._dice.choices([make for _, make in kinds], weights, k=count)
        return [make() for make in drawn]

    def _one(self, *choices: Any) -> Any:
        return self._dice.choice(choices)

    def _from(self, place: int) -> str:
        """Draw an address: mostly the office, sometimes a place that only one list names."""
        at_home = {_ANALYTICS: "198.51.100.21", _PRODUCTION: "198.51.100.22"}.get(place, OFFICE)
        somewhere = f"192.0.2.{self._dice.randrange(1, 255)}"
        desk = self._dice.choices((20, 60, 70, 90, 160), (70, 15, 5, 5, 5))[0]
        office = f"203.0.113.{desk + self._dice.randrange(10)}"
        return str(self._dice.choices((office, at_home, somewhere), (92, 6, 2))[0])

    def _person(self, place: int) -> str:
        groups = ENGINEERS if place == _PRODUCTION else ENGINEERS + ANALYSTS + SCIENTISTS
        return str(self._dice.choice(groups))

    def _ask(self, kind: str, place: int, who: str, call: str, **more: Any) -> Ask:
        return Ask(kind, place, who, self._from(place), call, **more)

    def _place(self) -> int:
        return int(self._dice.choices((_ANALYTICS, _PRODUCTION), (7, 3))[0])

    def _me(self) -> Ask:
        place = self._place()
        path = "/api/2.0/preview/scim/v2/Me"
        return self._ask("look around", place, self._person(place), f"GET {path}")

    def _by_token(self) -> Ask:
        owner, token = self._dice.choice(sorted(self._tokens.items()))
        who, _, place = owner.rpartition("@")
        call = "GET /api/2.0/token/list"
        return self._ask("use a token", int(place), who, call, token=token)

    def _account_console(self) -> Ask:
        path = f"/api/2.0/accounts/{self._account}/workspaces"
        return self._ask("account console", 0, self._one(_MARA, _JONAS), f"GET {path}")

    def _export(self) -> Ask:
        path = "/api/2.0/workspace/export?path=/Shared/handbook/connect-to-crm&format="
        who = self._one(self._person(_ANALYTICS), self._person(_ANALYTICS), _MARA)
        return self._ask(
            "export a notebook", _ANALYTICS, who, f"GET {path}{self._one('SOURCE', 'HTML')}"
        )

    def _download(self) -> Ask:
        place = self._place()
        call, body = f"POST /console/{self._one(*_DAILY)}", {"queryId": "q", "fileType": "csv"}
        who = self._person(place)
        return self._ask("download", place, who, call, body=body, agent=BROWSER)

    def _upload(self) -> Ask:
        body = {"path": f"/FileStore/{self._dice.randrange(50)}.csv"}
        who, call = self._person(_ANALYTICS), "POST /console/dbfs/upload"
        return self._ask("upload", _ANALYTICS, who, call, body=body, agent=BROWSER)

    def _dbfs(self) -> Ask:
        who, place = self._person(_ANALYTICS), _ANALYTICS
        body = {"path": f"/tmp/{self._dice.randrange(50)}", "overwrite": True, "contents": ""}  # noqa: S108  # a path of the pretend DBFS
        return self._ask("write to DBFS", place, who, "POST /api/2.0/dbfs/put", body=body)

    def _dbfs_read(self) -> Ask:
        who, call = self._person(_ANALYTICS), "GET /api/2.0/dbfs/list?path=/"
        return self._ask("list DBFS", _ANALYTICS, who, call, silent=True)

    def _terminal(self) -> Ask:
        body = {"clusterId": self._known["cluster.analysts-shared"]}
        who, call = self._dice.choice(ANALYSTS), "POST /console/terminal"
        return self._ask("web terminal", _ANALYTICS, who, call, body=body, agent=BROWSER)

    def _password(self) -> Ask:
        who = self._one(*ANALYSTS, _JONAS, _JONAS, _JONAS)
        call, body = "POST /console/login", {"user": who}
        return self._ask("password", _ANALYTICS, who, call, body=body, agent=BROWSER)

    def _shape(self) -> dict[str, Any]:
        """Draw a cluster as anybody might ask for it."""
        spec: dict[str, Any] = {
            "spark_version": self._one("16.4.x-scala2.12", "15.4.x-scala2.12", "12.2.x-scala2.12"),
            "node_type_id": self._one("m5d.large", "m6id.large", "r5d.large", "g5.xlarge"),
            "autotermination_minutes": self._one(0, 30, 60, 120),
            "custom_tags": {"CostCenter": "4711", "Owner": "me", "Environment": "shared"},
            "data_security_mode": self._one("USER_ISOLATION", "SINGLE_USER", "NONE"),
        }
        if self._dice.random() < 0.5:  # noqa: PLR2004  # half of them scale by themselves
            spec["autoscale"] = {"min_workers": 1, "max_workers": self._one(2, 6, 8, 10)}
        else:
            spec["num_workers"] = self._one(1, 2, 5, 10)
        if self._dice.random() < 0.05:  # noqa: PLR2004  # some bring an image
            spec["docker_image"] = {"url": "example/image:1"}
        return spec

    def _governed(self, name: str) -> dict[str, Any]:
        """Draw a cluster that names a policy and leaves the rest to it, or most of it."""
        spec = self._shape()
        if self._dice.random() < 0.6:  # noqa: PLR2004  # most people take what the policy offers
            spec = {"custom_tags": spec["custom_tags"], "num_workers": self._one(1, 2, 5)}
        if name == "ty-scientists":
            spec = {**self._shape(), "autotermination_minutes": self._one(0, 60, 120, 600)}
            spec["custom_tags"]["CostCenter"] = "4713"
            spec.pop("data_security_mode")
        policy = {"policy_id": self._known[f"policy.{name}"], "apply_policy_default_values": True}
        return {**spec, **policy}

    def _by_policy(self) -> tuple[str, dict[str, Any]]:
        name = self._one("ty-analysts", "ty-engineers", "ty-scientists", "ty-scientists")
        people = {"ty-analysts": ANALYSTS, "ty-engineers": ENGINEERS, "ty-scientists": SCIENTISTS}
        return str(self._dice.choice(people[name])), self._governed(name)

    def _cluster(self) -> Ask:
        who, spec = self._by_policy()
        if self._dice.random() < 0.4:  # noqa: PLR2004  # some go around the policies
            who, spec = self._one(self._person(_ANALYTICS), _MARA), self._shape()
        call, tidy = "POST /api/2.1/clusters/create", "POST /api/2.1/clusters/permanent-delete"
        body = {"cluster_name": "mine", **spec}
        more = {"body": body, "tidy": tidy, "made": "cluster_id"}
        return self._ask("make a cluster", _ANALYTICS, who, call, **more)

    def _edit(self) -> Ask:
        owner, policy, cluster = self._one(
            ("marco.bianchi", "ty-analysts", "marketing-attribution"),
            ("stefan.horvat", "ty-scientists", "stefan-training"),
            ("zoe.papadaki", "ty-scientists", "zoe-features"),
            ("amelie.roux", "ty-engineers", "dbt-development"),
        )
        body = {"cluster_id": self._known[f"cluster.{cluster}"], **self._governed(policy)}
        (who,) = _names(owner)
        call = "POST /api/2.1/clusters/edit"
        return self._ask("edit a cluster", _ANALYTICS, who, call, body=body)

    def _restart(self) -> Ask:
        body = {"cluster_id": self._known["cluster.dbt-development"]}
        who, call = self._dice.choice(ENGINEERS), "POST /api/2.1/clusters/restart"
        return self._ask("restart a cluster", _ANALYTICS, who, call, body=body)

    def _job(self) -> Ask:
        who, spec = self._by_policy()
        body = {
            "name": "mine",
            "job_clusters": [{"job_cluster_key": "main", "new_cluster": spec}],
            "tasks": [{"task_key": "run", "job_cluster_key": "main"}],
        }
        more = {"body": body, "tidy": "POST /api/2.2/jobs/delete", "made": "job_id"}
        return self._ask("make a job", _ANALYTICS, who, "POST /api/2.2/jobs/create", **more)

    def _run(self) -> Ask:
        place, who, name = self._one(
            (_PRODUCTION, self._dice.choice(ENGINEERS), "ingest-orders"),
            (_PRODUCTION, self._dice.choice(ENGINEERS), "build-sales"),
            (_PRODUCTION, self._machines[1], "monthly-close"),
            (_ANALYTICS, self._machines[0], "web-sessions"),
        )
        body = {"job_id": int(self._known[f"job.{name}"])}
        return self._ask("run a job", place, who, "POST /api/2.2/jobs/run-now", body=body)

    def _submit(self) -> Ask:
        who, spec = self._by_policy()
        body = {"run_name": "once", "tasks": [{"task_key": "once", "new_cluster": spec}]}
        return self._ask("run once", _ANALYTICS, who, "POST /api/2.2/jobs/runs/submit", body=body)

    def _new_token(self) -> Ask:
        place = self._place()
        who = self._one(*ENGINEERS, *self._machines)
        body: dict[str, Any] = {"comment": "new"}
        if (days := self._one(None, 7, 60, 200, 300)) is not None:
            body["lifetime_seconds"] = days * _DAY
        tidy = "DELETE /api/2.0/token-management/tokens/{}"
        more = {"body": body, "tidy": tidy, "made": "token_info.token_id"}
        return self._ask("make a token", place, who, "POST /api/2.0/token/create", **more)

    def _token_for_other(self) -> Ask:
        body = {"application_id": self._one(*self._machines), "lifetime_seconds": _DAY}
        call = "POST /api/2.0/token-management/on-behalf-of/tokens"
        tidy = "DELETE /api/2.0/token-management/tokens/{}"
        more = {"body": body, "tidy": tidy, "made": "token_info.token_id"}
        return self._ask("make another's token", self._place(), _MARA, call, **more)

    def _library(self) -> Ask:
        library = self._one(
            {"maven": {"coordinates": "com.acme:tool:1.0"}},
            {"maven": {"coordinates": "org.open:tool:2.1"}},
            {"jar": "/Volumes/main/tools/a.jar"},
            {"pypi": {"package": "polars==1.2.0"}},
        )
        owner, cluster = self._one(
            ("julia.marek", "shared-tools"), ("stefan.horvat", "stefan-training")
        )
        body = {"cluster_id": self._known[f"cluster.{cluster}"], "libraries": [library]}
        (who,) = _names(owner)
        call = "POST /api/2.0/libraries/install"
        return self._ask("install a library", _ANALYTICS, who, call, body=body)

    def _clone(self) -> Ask:
        url = self._one(
            "https://github.com/typical-example/analytics-2",
            "https://github.com/typical-example/models",
            "https://github.com/somebody-else/toolbox",
        )
        who = self._person(_ANALYTICS)
        body = {"url": url, "provider": "gitHub"}
        more = {"body": body, "tidy": "DELETE /api/2.0/repos/{}", "made": "id"}
        return self._ask("clone", _ANALYTICS, who, "POST /api/2.0/repos", **more)
