"""Values of secrets: only who was named reads them, and equal ones are known by this machine."""

from __future__ import annotations

import pyrage
import pytest

from lakewarden.errors import UsageError, VaultError
from lakewarden.store.vault.secrets import ValueKey, decrypt, encrypt, insist_recipients


def test_only_who_was_named_reads_a_value():
    me, you, other = (pyrage.x25519.Identity.generate() for _ in range(3))
    sealed = encrypt(b"hunter2", [str(me.to_public()), f"{you.to_public()}\n"])
    assert b"hunter2" not in sealed
    for identity in (me, you):
        assert decrypt(sealed, f"# created: today\n{identity}\n") == b"hunter2"
    with pytest.raises(VaultError, match="cannot be decrypted with this identity"):
        decrypt(sealed, str(other))
    with pytest.raises(VaultError, match="cannot be decrypted"):
        decrypt(sealed[:-1], str(me))


@pytest.mark.parametrize("recipients", [[], ["age1nobody"], ["ssh-rsa nothing"], [""]])
def test_who_can_be_no_recipient_is_refused_before_anything_is_read(recipients):
    with pytest.raises(UsageError):
        insist_recipients(recipients)


@pytest.mark.parametrize("text", ["", "# nothing", "hunter2", "-----BEGIN PRIVATE KEY-----"])
def test_what_is_no_identity_is_refused_and_not_shown(text):
    with pytest.raises(UsageError, match="there is no age identity in the file") as refused:
        decrypt(b"", text)
    assert "hunter2" not in str(refused.value)


def test_equal_values_are_known_by_one_machine_only(machine, tmp_path):
    machine("one")
    first = ValueKey.of_this_machine().digest("secret", "scope/key", b"hunter2")
    assert ValueKey.of_this_machine().digest("secret", "scope/key", b"hunter2") == first
    assert ValueKey.of_this_machine().digest("secret", "scope/other", b"hunter2") != first
    assert ValueKey.of_this_machine().digest("secret", "scope/key", b"hunter3") != first
    machine("two")
    assert ValueKey.of_this_machine().digest("secret", "scope/key", b"hunter2") != first
    file = tmp_path / "two" / "lakewarden" / "backup" / "secrets.key"
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_bytes(b"short")
    with pytest.raises(VaultError, match="is no key that tells secrets apart"):
        ValueKey.of_this_machine()
