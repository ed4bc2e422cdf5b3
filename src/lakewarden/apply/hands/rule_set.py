"""Rule sets: the roles of the account, apart from that of its admins, and who has them."""

from __future__ import annotations

from typing import Final

from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import Hand, Json
from lakewarden.plan.change import Target

_PATH: Final = "/api/2.0/preview/accounts/{account_id}/access-control/rule-sets"


class RuleSet(Hand):
    """One rule set; the key is its whole name, `accounts/…/ruleSets/default`.

    A write shows the etag of what was read, so that somebody else's change in between is noticed
    by the service and not overwritten.
    """

    kind = "rule_set"
    calls = (f"GET {_PATH}", f"PUT {_PATH}")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the rules with their etag."""
        path = _PATH.format(account_id=doors.account_id)
        found: Json = doors.databricks(target.scope).get(path, {"name": target.key, "etag": ""})
        return {"grant_rules": [], **found}

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:
        """Replace the rules."""
        rules = {"name": target.key, "etag": found["etag"], "grant_rules": wanted["grant_rules"]}
        body = {"name": target.key, "rule_set": rules}
        path = _PATH.format(account_id=doors.account_id)
        doors.databricks(target.scope).send("PUT", path, body)


HANDS = (RuleSet(),)
