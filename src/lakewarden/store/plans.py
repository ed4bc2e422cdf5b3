"""`plan.json` on disk: written in one step, and refused when it is not what was planned."""

from __future__ import annotations

import json
from pathlib import Path

from lakewarden.errors import PlanFileError, UsageError
from lakewarden.plan.plan import Plan, plan_from_json


def write_plan(file: Path, plan: Plan) -> None:
    """Write a plan, for its owner alone; an older file of that name is replaced in one step.

    Raises:
        UsageError: the file cannot be written.
    """
    new = file.with_name(f".{file.name}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        new.touch(0o600)
        new.write_text(json.dumps(plan.as_json(), indent=2, ensure_ascii=False) + "\n", "utf-8")
        new.replace(file)
    except OSError as error:
        raise UsageError(
            f"cannot be written ({error.strerror})",
            where=str(file),
            next_step="Name another file with --out",
        ) from None
    finally:
        new.unlink(missing_ok=True)


def read_plan(file: Path) -> Plan:
    """Read a plan.

    Raises:
        PlanFileError: it is none, or it was altered.
    """
    try:
        return plan_from_json(json.loads(file.read_text("utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise PlanFileError(
            f"is not a plan of lakewarden: {why}",
            where=str(file),
            next_step="Make one with `lakewarden plan --out plan.json`",
        ) from None
