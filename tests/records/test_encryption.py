from __future__ import annotations

import pytest

from surveyapp.records.encryption import Vault, VaultFault, find_key_id

OLD, NEW, LOOKUP = b"o" * 32, b"n" * 32, b"l" * 32
PLACE = b"japan/link-1"


@pytest.fixture
def vault() -> Vault:
    return Vault({"2026": OLD}, LOOKUP)


@pytest.mark.parametrize("plain", [b"", b"a", "주식회사 한빛제약".encode(), bytes(range(256)) * 100])
def test_what_was_sealed_can_be_opened(vault: Vault, plain: bytes) -> None:
    sealed = vault.seal(plain, bound_to=PLACE)
    assert vault.open(sealed, bound_to=PLACE) == plain
    assert plain == b"" or len(plain) < 2 or plain not in sealed


def test_the_key_id_stands_in_front(vault: Vault) -> None:
    sealed = vault.seal(b"secret", bound_to=PLACE)
    assert sealed[:5] == b"\x042026"
    assert find_key_id(sealed) == "2026"


def test_the_same_text_is_never_sealed_the_same_way(vault: Vault) -> None:
    assert len({vault.seal(b"same", bound_to=PLACE) for _ in range(200)}) == 200


def test_a_value_moved_to_another_row_cannot_be_opened(vault: Vault) -> None:
    sealed = vault.seal(b"secret", bound_to=PLACE)
    with pytest.raises(VaultFault, match="another row"):
        vault.open(sealed, bound_to=b"japan/link-2")


def test_no_changed_byte_goes_unnoticed(vault: Vault) -> None:
    sealed = vault.seal(b"secret", bound_to=PLACE)
    for place in range(len(sealed)):
        altered = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(VaultFault):
            vault.open(altered, bound_to=PLACE)


@pytest.mark.parametrize("value", [b"", b"\x00", b"\x04202", b"\x042026" + b"x" * 27, b"\xff" * 40])
def test_what_is_not_sealed_is_refused(vault: Vault, value: bytes) -> None:
    with pytest.raises(VaultFault):
        vault.open(value, bound_to=PLACE)


def test_a_new_key_seals_while_the_old_one_still_opens(vault: Vault) -> None:
    old = vault.seal(b"secret", bound_to=PLACE)
    both = Vault({"2027": NEW, "2026": OLD}, LOOKUP)
    assert both.open(old, bound_to=PLACE) == b"secret"
    assert not both.is_current(old)
    assert both.is_current(both.seal(b"secret", bound_to=PLACE))
    with pytest.raises(VaultFault, match="'2026' is missing"):
        Vault({"2027": NEW}, LOOKUP).open(old, bound_to=PLACE)


def test_a_key_cannot_pass_for_another(vault: Vault) -> None:
    sealed = vault.seal(b"secret", bound_to=PLACE)
    with pytest.raises(VaultFault):
        Vault({"2026": NEW}, LOOKUP).open(sealed, bound_to=PLACE)
    renamed = b"\x042027" + sealed[5:]
    with pytest.raises(VaultFault):
        Vault({"2027": OLD}, LOOKUP).open(renamed, bound_to=PLACE)


def test_lookups_are_equal_for_equal_values_and_keys_alone(vault: Vault) -> None:
    assert vault.lookup("a@example.org") == vault.lookup("a@example.org")
    assert vault.lookup("a@example.org") != vault.lookup("b@example.org")
    assert vault.lookup("a@example.org") != Vault({"2026": OLD}, NEW).lookup("a@example.org")
    assert len(vault.lookup("")) == 32


@pytest.mark.parametrize(
    ("keys", "lookup"),
    [({}, LOOKUP), ({"k": b"short"}, LOOKUP), ({"": OLD}, LOOKUP), ({"키": OLD}, LOOKUP), ({"k": OLD}, b"short")],
)
def test_unusable_keys_are_refused(keys: dict[str, bytes], lookup: bytes) -> None:
    with pytest.raises(VaultFault):
        Vault(keys, lookup)
