"""An assessment as JSON, by the published schema `schema/assessment-1.json`."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any, TextIO

from lakewarden.ledger.codec import to_json
from lakewarden.ledger.run import SCHEMA
from lakewarden.paper.paper import paper
from lakewarden.report.view import Report, all_six


def write(report: Report, stream: TextIO) -> None:
    """Write everything, one finding a line, so that a million of them need no memory."""
    stream.write("{\n")
    stream.writelines(f'  "{key}": {json.dumps(value)},\n' for key, value in _head(report).items())
    stream.write('  "findings": [')
    separator = "\n    "
    for finding in report.findings():
        stream.write(separator + json.dumps(to_json(finding)))
        separator = ",\n    "
    stream.write("\n  ]\n}\n")


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) that every written assessment meets."""
    text = files(__package__).joinpath("schema/assessment-1.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def _head(report: Report) -> dict[str, Any]:
    run, tally = report.run, report.tally
    return {
        "schema": SCHEMA,
        "run_id": run.id,
        "started": run.started,
        "deployment": {
            "account_id": run.account_id,
            "taken": run.taken,
            "workspaces": [{"id": id_, "name": name} for id_, name in run.workspaces.items()],
        },
        "posture": run.posture,
        "summary": {
            "by_verdict": all_six(tally.by_verdict),
            "by_section": {
                section.id: {
                    "title": section.title,
                    "verdicts": all_six(tally.by_section[section.id]),
                }
                for section in paper().sections.values()
                if section.id in tally.by_section
            },
            "by_threat": {
                threat.id: {
                    "title": threat.title,
                    "verdicts": all_six(tally.by_threat.get(threat.id, {})),
                }
                for threat in paper().threats.values()
            },
        },
        "unread": list(report.unread),
        "loosened": list(report.loosened),
    }
