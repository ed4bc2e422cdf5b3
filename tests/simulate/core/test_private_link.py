from __future__ import annotations

from collections.abc import Callable

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import PrivateLinkValidationError

from simulate.core.kit import Lab


def test_the_official_client_understands_being_sent_away(
    own: Callable[..., Lab], monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = own("high-security")
    monkeypatch.setattr(lab.simulation.account, "private_address", None)
    client: WorkspaceClient = lab.workspace(3001)
    with pytest.raises(PrivateLinkValidationError):
        client.current_user.me()
    assert list(lab.account().workspaces.list())


def test_public_access_that_was_left_on_lets_everybody_come(
    shared: Callable[[str], Lab],
) -> None:
    assert shared("neglected").workspace(4001).current_user.me().active
