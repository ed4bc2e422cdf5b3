"""Starting the simulator, and pointing this product at it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakewarden.errors import UsageError

if TYPE_CHECKING:
    from lakewarden.simulate import Simulation


def start(world: str, audit_dir: Path, **options: Any) -> Simulation:
    """Start a world.

    Raises:
        UsageError: the simulator is not installed, or an option makes no sense to it.
    """
    try:
        from lakewarden import simulate  # noqa: PLC0415  # an extra that assessing does not need
    except ImportError as error:
        raise UsageError(
            f"the simulator is not installed (no {error.name})",
            next_step="Install it with `pip install 'lakewarden[demo]'`",
        ) from None
    try:
        audit_dir.mkdir(parents=True, exist_ok=True)
        return simulate.start(world, audit_dir=audit_dir, **options)
    except (ValueError, OSError) as error:
        raise UsageError(str(error), next_step="See `lakewarden simulate --help`") from None


def environment(running: Simulation, world: str, events: Path) -> dict[str, str]:
    """Return the variables that point the two SDKs, their tools and this product at a world."""
    variables = dict(running.environment())
    urls = {str(identity): url for identity, url in running.workspace_urls.items()}
    variables["LAKEWARDEN_ACCOUNT_HOST"] = running.account_host
    variables["LAKEWARDEN_WORKSPACE_URLS"] = ",".join(f"{i}={u}" for i, u in urls.items())
    variables["DATABRICKS_HOST"] = next(iter(urls.values()), running.account_host)
    if running.standby is not None:
        variables["LAKEWARDEN_STANDBY_WORKSPACE"] = str(running.standby)
        variables["LAKEWARDEN_STANDBY_HOST"] = running.workspace_urls[running.standby]
    policy = _policy_of(world)
    if policy is not None:
        variables["LAKEWARDEN_POLICY_FILE"] = str(policy)
    variables["LAKEWARDEN_EVENTS"] = str(events)
    return variables


def _policy_of(world: str) -> Path | None:
    """Return the policy file of the organisation that a world belongs to, if it has one."""
    file = Path(str(files("lakewarden.simulate"))) / "worlds" / world / "lakewarden.toml"
    return file if file.is_file() else None


@contextmanager
def pointed_at(variables: dict[str, str]) -> Iterator[None]:
    """Replace this process's Databricks and AWS variables for the length of a block."""
    ours = ("DATABRICKS_", "AWS_", "LAKEWARDEN_")
    before = {name: value for name, value in os.environ.items() if name.startswith(ours)}
    for name in before:
        del os.environ[name]
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            os.environ.pop(name, None)
        os.environ.update(before)
