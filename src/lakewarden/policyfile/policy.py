"""`Policy`: the typed content of `lakewarden.toml`, with the defaults of each posture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from lakewarden.policyfile.limits import DEFAULTS, Limits, Posture, looser
from lakewarden.policyfile.scope import Place, Scope
from lakewarden.policyfile.sinks import SinkTable


@dataclass(frozen=True, slots=True)
class Waiver:
    """A failure that is accepted until a date.

    Attributes:
        control: the control.
        subject: the subject's id, or `*`.
        reason: why.
        owner: who answers for it.
        expires: the last day on which it counts.
    """

    control: str
    subject: str
    reason: str
    owner: str
    expires: date


@dataclass(frozen=True, slots=True)
class Attestation:
    """A statement about something that no API shows.

    Attributes:
        control: the control that it answers.
        by: who states it.
        evidence: where the proof lies.
        expires: the last day on which it counts.
    """

    control: str
    by: str
    evidence: str
    expires: date


@dataclass(frozen=True, slots=True)
class Choice:
    """Controls or workspaces that are chosen or left out, by id; workspaces also by name.

    Attributes:
        controls: ids of controls.
        workspaces: ids or names of workspaces.
    """

    controls: frozenset[str] = frozenset()
    workspaces: frozenset[str] = frozenset()


NOTHING: Final = Choice()


@dataclass(frozen=True, slots=True)
class Policy:
    """What the organisation wants.

    Attributes:
        posture: the list of the paper that is asked for.
        thresholds: what the file sets, by the names of `Limits`.
        scopes: workspaces that are asked for something else.
        include: nothing but this is judged; what is empty includes everything.
        exclude: this is neither read nor judged.
        token_principals: who may use personal access tokens.
        deploy_principals: service principals that deploy code, by name or application id.
        cluster_creators: groups and people that may create clusters without a policy.
        break_glass: users and groups that keep access in an emergency.
        admin_patterns: regular expressions, one of which is found in the name of every admin's
            account, whatever its case.
        admin_groups: account groups whose members are separate admin accounts.
        scim_agents: parts of the user agents by which the identity provider synchronises.
        sso_methods: login methods that count as single sign-on.
        git_hosts: URL prefixes that code may come from.
        repositories: URL prefixes that libraries may come from.
        init_scripts: SHA-256 digests of the global init scripts that may run.
        containers: whether clusters may start from container images of one's own.
        required_tags: keys that everything which costs must carry.
        tag_values: the values that a required key may have; a key that is not here may have any.
        tag_defaults: the tags that things without them get, by the names of workspaces, which may
            have wildcards; the first that matches counts.
        production_tags: custom tags of production workspaces; none for every workspace.
        regulated_tags: custom tags of workspaces for regulated data; none for every workspace.
        sensitive_tags: custom tags of workspaces for sensitive data; none where nobody said.
        sensitive_catalogs: catalogs that hold sensitive data; none for every catalog.
        sharing_principals: who may make shares, recipients and providers.
        recipient_addresses: where recipients of shares come from: addresses by the recipient.
        metastore_admins: the group of the account that owns metastores; empty where nobody said.
        secret_owners: the group that answers for a secret scope, by a pattern of scopes' names.
        default_catalogs: the default catalog, by a pattern of workspaces' names.
        app_scopes: the API scopes within which apps may act for their users.
        inspected_gateways: gateways by whose other side a firewall stands, by their AWS ids.
        allowed_destinations: where compute may connect to: domain names, with a leading dot for all
            below as well, and names of buckets.
        admitted_networks: where people and programs may come in from: IPv4 networks, those of the
            administrators and of compute's NAT gateways among them.
        trusted_networks: where requests for data buckets may come from beside the networks of the
            workspaces: address ranges, VPCs, VPC endpoints, paths of organisations.
        guardians: ARNs that keep access to buckets and keys in AWS whatever else is refused.
        key_users: ARNs and accounts that may decrypt beside Databricks and your own account.
        passed_roles: ARNs of the roles that Databricks may give to machines.
        written_buckets: further buckets that workspaces may write to through VPC endpoints.
        flow_log_bucket: the bucket that flow logs go to; empty where nobody said.
        trail_key: the ARN of the KMS key that encrypts CloudTrail's files; empty likewise.
        version_days: how many days replaced versions of data are kept; 0 likewise.
        cost_alerts: the addresses of mail that a budget alerts.
        monthly_cost: what may be spent in a month before it does, in US dollars at list price; 0
            where nobody said.
        waivers: accepted failures.
        attestations: statements about what no API shows.
        workspace_urls: where to reach workspaces, by id, when not at their standard address.
        trust_empty_answers: take an answer without its list for an empty list.
        recover: what is called otherwise where a backup goes, by the kind of name.
        watch: what detection rules ask for, by the names of `policyfile.watching`.
        sinks: who is told of alerts.
        source: the file that this came from, empty for the defaults.
        limits: the thresholds that count, worked out from posture and `thresholds`.
    """

    posture: Posture = Posture.STANDARD
    thresholds: Mapping[str, int] = field(default_factory=dict)
    scopes: tuple[Scope, ...] = ()
    include: Choice = NOTHING
    exclude: Choice = NOTHING
    token_principals: tuple[str, ...] = ()
    deploy_principals: tuple[str, ...] = ()
    cluster_creators: tuple[str, ...] = ()
    break_glass: tuple[str, ...] = ()
    admin_patterns: tuple[str, ...] = ()
    admin_groups: tuple[str, ...] = ()
    scim_agents: tuple[str, ...] = ("SCIM",)
    sso_methods: tuple[str, ...] = ("BROWSER_BYO_IDP_SAML",)
    git_hosts: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    init_scripts: tuple[str, ...] = ()
    containers: bool = False
    required_tags: tuple[str, ...] = ()
    tag_values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tag_defaults: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    production_tags: Mapping[str, str] = field(default_factory=dict)
    regulated_tags: Mapping[str, str] = field(default_factory=dict)
    sensitive_tags: Mapping[str, str] = field(default_factory=dict)
    sensitive_catalogs: tuple[str, ...] = ()
    sharing_principals: tuple[str, ...] = ()
    recipient_addresses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    metastore_admins: str = ""
    secret_owners: Mapping[str, str] = field(default_factory=dict)
    default_catalogs: Mapping[str, str] = field(default_factory=dict)
    app_scopes: tuple[str, ...] = ()
    inspected_gateways: tuple[str, ...] = ()
    allowed_destinations: tuple[str, ...] = ()
    admitted_networks: tuple[str, ...] = ()
    trusted_networks: tuple[str, ...] = ()
    guardians: tuple[str, ...] = ()
    key_users: tuple[str, ...] = ()
    passed_roles: tuple[str, ...] = ()
    written_buckets: tuple[str, ...] = ()
    flow_log_bucket: str = ""
    trail_key: str = ""
    version_days: int = 0
    cost_alerts: tuple[str, ...] = ()
    monthly_cost: int = 0
    waivers: tuple[Waiver, ...] = ()
    attestations: tuple[Attestation, ...] = ()
    workspace_urls: Mapping[str, str] = field(default_factory=dict)
    trust_empty_answers: bool = False
    recover: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    watch: Mapping[str, Any] = field(default_factory=dict)
    sinks: tuple[SinkTable, ...] = ()
    source: str = ""
    limits: Limits = field(init=False)

    def __post_init__(self) -> None:
        """Work out the limits."""
        object.__setattr__(self, "limits", replace(DEFAULTS[self.posture], **self.thresholds))

    def at(self, place: Place) -> Policy:
        """Return what is wanted of one workspace: the scopes that cover it, in their order."""
        here = self
        for scope in self.scopes:
            if scope.covers(place):
                here = here.within(scope)
        return here if here is self else replace(here, scopes=())

    def within(self, scope: Scope) -> Policy:
        """Return what is wanted where a scope covers."""
        excluded = self.exclude.controls | scope.exclude
        return replace(
            self,
            posture=scope.posture or self.posture,
            thresholds={**self.thresholds, **scope.thresholds},
            exclude=replace(self.exclude, controls=excluded),
        )

    def every(self) -> tuple[Policy, ...]:
        """Return this and what each scope may make of it, for what may be asked anywhere."""
        postures = {scope.posture or self.posture for scope in self.scopes}
        return (self, *(replace(self, posture=posture, scopes=()) for posture in sorted(postures)))

    def everywhere(self, posture: Posture) -> Policy:
        """Return this policy with one posture, whatever its scopes say."""
        scopes = tuple(replace(scope, posture=None) for scope in self.scopes)
        return replace(self, posture=posture, scopes=scopes)

    def naming(self, controls: Iterable[str]) -> Policy:
        """Return this policy for nothing but some controls; for none named, as it is."""
        named = frozenset(controls)
        return replace(self, include=replace(self.include, controls=named)) if named else self

    def asks(self, control: str, postures: Iterable[Posture]) -> bool:
        """Return whether a control is to be judged: named, or in the posture and not left out."""
        if control in self.exclude.controls:
            return False
        if self.include.controls:
            return control in self.include.controls
        return self.posture in postures

    def leaves_out(self, identity: str, name: str) -> bool:
        """Return whether a workspace is neither to be read nor to be judged."""
        mine = {identity, name}
        wanted = self.include.workspaces
        return bool(mine & self.exclude.workspaces) or bool(wanted and not mine & wanted)

    def loosened(self, name: str) -> int | None:
        """Return the posture's own value of a limit that this asks less than, else None."""
        usual: int = getattr(DEFAULTS[self.posture], name)
        return usual if looser(name, getattr(self.limits, name), usual) else None

    def loose(self) -> tuple[str, ...]:
        """Return every limit that is looser than its default, anywhere, in words."""
        notes = []
        for name in Limits.__slots__:
            usual = self.loosened(name)
            if usual is not None:
                notes.append(f"{name} = {getattr(self.limits, name)} (default {usual})")
        for scope in self.scopes:
            here = replace(self.within(scope), scopes=()).loose()
            notes += [f"{note} in scope {scope.name}" for note in here if note not in notes]
        return tuple(notes)
