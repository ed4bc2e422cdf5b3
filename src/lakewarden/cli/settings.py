"""From options to what the rooms below work with: the policy, and the reach of a run."""

from __future__ import annotations

import configparser
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from lakewarden.cli.options import Deployment, Selection
from lakewarden.clients.patience import Patience
from lakewarden.collect.doors import Reach
from lakewarden.controls.kit.registry import control, controls
from lakewarden.errors import LakewardenError, PolicyFileError, UsageError
from lakewarden.policyfile.limits import Posture
from lakewarden.policyfile.parse import parse
from lakewarden.policyfile.policy import Choice, Policy

_DEFAULT = Path("lakewarden.toml")


def named_policy() -> Path | None:
    """Return the policy file that the environment names."""
    named = os.environ.get("LAKEWARDEN_POLICY_FILE")
    return Path(named) if named else None


def policy_here() -> Path | None:
    """Return the policy file of this folder, which counts where none is named."""
    return _DEFAULT if _DEFAULT.exists() else None


def load_policy(file: Path | None) -> Policy:
    """Read the policy file; without one, the defaults.

    Raises:
        PolicyFileError: it cannot be read, or says something impossible.
    """
    file = file or policy_here()
    if file is None:
        return Policy()
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        what = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise PolicyFileError(
            f"cannot be read ({what})",
            where=str(file),
            next_step="Check the file's name and rights",
        ) from None
    today = datetime.now(UTC).date()
    return parse(text, file=str(file), today=today, controls=[c.id for c in controls()])


def policy_of(selection: Selection) -> Policy:
    """Return the policy file's policy with what the command line says over it.

    Raises:
        PolicyFileError: the file cannot be read, or says something impossible.
        UnknownControlError: the command line names a control that does not exist.
    """
    for identity in (*selection.controls, *selection.without_controls):
        control(identity)
    policy = load_policy(selection.policy_file)
    include, exclude = policy.include, policy.exclude
    policy = replace(
        policy,
        include=Choice(
            frozenset(selection.controls) or include.controls,
            frozenset(selection.workspaces) or include.workspaces,
        ),
        exclude=Choice(
            (exclude.controls | frozenset(selection.without_controls))
            - frozenset(selection.controls),
            exclude.workspaces | frozenset(selection.without_workspaces),
        ),
    )
    return policy.everywhere(Posture(selection.posture)) if selection.posture else policy


def reach_of(deployment: Deployment, policy: Policy) -> Reach:
    """Return what a run may reach.

    Raises:
        UsageError: no deployment was given at all.
    """
    profile = _profile(deployment.profile)
    host = (os.environ.get("DATABRICKS_HOST") or profile.get("host") or "").rstrip("/")
    account_id = deployment.account_id or profile.get("account_id") or ""
    account_host = (deployment.account_host or _account_host(host, account_id)).rstrip("/")
    if account_host and not account_id:
        raise UsageError(
            "an account console was given without the account's id",
            where=account_host,
            next_step="Set DATABRICKS_ACCOUNT_ID or give --account-id",
        )
    if not host and not account_host and not deployment.use_aws:
        raise _nothing_given()
    if not host and not account_host and not _aws_given(deployment):
        raise _nothing_given()
    return Reach(
        account_host=_with_scheme(account_host),
        account_id=account_id,
        workspace_host=_with_scheme(host) if host != account_host else "",
        workspace_urls={**policy.workspace_urls, **deployment.workspace_urls},
        profile=deployment.profile,
        aws_profile=deployment.aws_profile,
        use_aws=deployment.use_aws,
        patience=Patience(
            min(5.0, deployment.answer_seconds), deployment.answer_seconds, deployment.retry_seconds
        ),
        events=deployment.events,
        event_days=policy.limits.evidence_days,
    )


def _nothing_given() -> LakewardenError:
    return UsageError(
        "no deployment was given",
        next_step="Set DATABRICKS_HOST, or give --profile; `lakewarden demo` needs neither",
    )


def _aws_given(deployment: Deployment) -> bool:
    names = ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE")
    return bool(deployment.aws_profile) or any(os.environ.get(name) for name in names)


def _with_scheme(host: str) -> str:
    return host if not host or "://" in host else f"https://{host}"


def _account_host(host: str, account_id: str) -> str:
    """Return the account console that belongs to a host, empty when that is not known."""
    name = urlsplit(_with_scheme(host)).hostname or ""
    if name.startswith(("accounts.", "accounts-")):
        return host
    if not account_id:
        return ""
    for domain in ("cloud.databricks.com", "cloud.databricks.us"):
        if name.endswith(f".{domain}"):
            return f"https://accounts.{domain}"
    return "" if host else "https://accounts.cloud.databricks.com"


def _profile(name: str | None) -> dict[str, str]:
    """Return host and account id of a profile of `~/.databrickscfg`.

    Raises:
        UsageError: the profile is not there.
    """
    file = Path(os.environ.get("DATABRICKS_CONFIG_FILE", "~/.databrickscfg")).expanduser()
    parser = configparser.ConfigParser(default_section="", interpolation=None)
    try:
        parser.read(file, "utf-8")
    except configparser.Error as error:
        raise UsageError(
            f"is not a valid profile file: {error.message.splitlines()[0]}",
            where=str(file),
            next_step="Correct it, or name another with DATABRICKS_CONFIG_FILE",
        ) from None
    section = name or os.environ.get("DATABRICKS_CONFIG_PROFILE") or "DEFAULT"
    if parser.has_section(section):
        return dict(parser[section])
    if name:
        raise UsageError(
            f"there is no profile {name!r}", where=str(file), next_step="Name one that is there"
        )
    return {}
