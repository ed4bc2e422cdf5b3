"""Delivered audit logs: what log delivery would put into the bucket, written below a folder.

``<folder>/workspaceId=<id>/date=<yyyy-mm-dd>/auditlogs_<id>.json``, one JSON object a line;
account-level events are under ``workspaceId=0``.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any


@dataclass(frozen=True)
class Record:
    """One event, ``service.action``, that happened at ``now`` (epoch ms).

    ``workspace_id`` 0 makes it an account-level event; ``result`` is kept as JSON text. Events of
    one request share its ``request``; one that no request caused gets an id of its own.
    """

    name: str
    now: int
    workspace_id: int
    who: str
    address: str
    agent: str = ""
    params: dict[str, str] = field(default_factory=dict)
    status: int = 200
    error: str | None = None
    result: Any = None
    request: str = ""


class AuditLog:
    """Appends events to the files they belong to. Without a folder it keeps nothing."""

    def __init__(self, folder: Path | str | None, account_id: str) -> None:
        self._folder = Path(folder) if folder is not None else None
        self._account_id = account_id
        self._files: dict[Path, IO[str]] = {}
        self._count = 0

    def write(self, event: Record) -> None:
        """Append an event to the file it belongs to."""
        if self._folder is None:
            return
        service, _, action = event.name.partition(".")
        record = {
            "version": "2.0",
            "timestamp": event.now,
            "workspaceId": str(event.workspace_id),
            "sourceIPAddress": event.address,
            "userAgent": event.agent,
            "sessionId": None,
            "userIdentity": {"email": event.who, "subjectName": None},
            "serviceName": service,
            "actionName": action,
            "requestId": event.request or self.request_id(event.now),
            "requestParams": event.params,
            "response": {
                "statusCode": event.status,
                "errorMessage": event.error,
                "result": None if event.result is None else json.dumps(event.result),
            },
            "auditLevel": "WORKSPACE_LEVEL" if event.workspace_id else "ACCOUNT_LEVEL",
            "accountId": self._account_id,
        }
        file = self._open(event.workspace_id, event.now)
        file.write(json.dumps(record) + "\n")
        file.flush()

    def close(self) -> None:
        """Close every file that was written."""
        for file in self._files.values():
            file.close()
        self._files.clear()

    def _open(self, workspace_id: int, now: int) -> IO[str]:
        date = datetime.fromtimestamp(now / 1000, UTC).date().isoformat()
        folder = Path(self._folder or "") / f"workspaceId={workspace_id}" / f"date={date}"
        path = folder / f"auditlogs_{self._hash(f'{workspace_id}/{date}')[:16]}.json"
        if path not in self._files:
            folder.mkdir(parents=True, exist_ok=True)
            self._files[path] = path.open("a", encoding="utf-8")
        return self._files[path]

    def request_id(self, now: int) -> str:
        """The next request's id; the same in every run of the same world."""
        self._count += 1
        text = self._hash(f"{now}/{self._count}")
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:32]}"

    def _hash(self, text: str) -> str:
        return hashlib.sha256(f"{self._account_id}/{text}".encode()).hexdigest()
