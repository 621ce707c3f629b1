from __future__ import annotations

import io
import secrets
from collections.abc import Callable

import pytest

from surveyapp.records.encryption import Vault
from surveyapp.records.sealed_files import (
    CHUNK_BYTES,
    MAGIC,
    SealedFileFault,
    SealedWriter,
    read_header,
    read_sealed,
)

KEYS = {"k2": b"2" * 32, "k1": b"1" * 32}
PURPOSE = "a test"


def _seal(content: bytes, keys: dict[str, bytes] = KEYS) -> bytes:
    file = io.BytesIO()
    writer = SealedWriter(file, Vault(keys, b"l" * 32), PURPOSE, {"made_by": "시험"})
    for start in range(0, len(content), 10_000):
        writer.write(content[start : start + 10_000])
    writer.close()
    return file.getvalue()


def _open(sealed: bytes, keys: dict[str, bytes] = KEYS, purpose: str = PURPOSE) -> bytes:
    file = io.BytesIO(sealed)
    return b"".join(read_sealed(file, read_header(file), Vault(keys, b"l" * 32), purpose))


@pytest.mark.parametrize("size", [0, 1, 5_000, CHUNK_BYTES, 3 * CHUNK_BYTES + 17])
def test_what_was_sealed_is_opened(size: int) -> None:
    content = secrets.token_bytes(size)  # cannot be compressed, so that there is more than one chunk
    assert _open(_seal(content)) == content


def test_the_head_can_be_read_without_the_key() -> None:
    assert read_header(io.BytesIO(_seal(b"x"))).facts["made_by"] == "시험"


def test_an_older_key_opens_what_it_sealed() -> None:
    assert _open(_seal(b"before", {"k1": KEYS["k1"]})) == b"before"


def test_two_files_of_one_content_share_nothing_after_their_heads() -> None:
    one, other = (_seal(b"the same").split(b"\n", 2)[2] for _ in range(2))
    assert one != other


def test_much_that_compresses_well_comes_in_pieces() -> None:
    file = io.BytesIO(_seal(bytes(20_000_000)))
    pieces = list(read_sealed(file, read_header(file), Vault(KEYS, b"l" * 32), PURPOSE))
    assert sum(map(len, pieces)) == 20_000_000
    assert max(map(len, pieces)) <= 1024 * 1024


def _cut_last_chunk(sealed: bytes) -> bytes:
    start = len(MAGIC) + sealed[len(MAGIC) :].index(b"\n") + 1
    last = start
    while start < len(sealed):
        last, start = start, start + 4 + int.from_bytes(sealed[start : start + 4])
    return sealed[:last]


def _swap_chunks(sealed: bytes) -> bytes:
    start = len(MAGIC) + sealed[len(MAGIC) :].index(b"\n") + 1
    second = start + 4 + int.from_bytes(sealed[start : start + 4])
    third = second + 4 + int.from_bytes(sealed[second : second + 4])
    return sealed[:start] + sealed[second:third] + sealed[start:second] + sealed[third:]


@pytest.mark.parametrize(
    "damage",
    [
        lambda sealed: sealed[:-1],
        lambda sealed: sealed + b"x",
        _cut_last_chunk,
        _swap_chunks,
        lambda sealed: sealed[:-5] + bytes([sealed[-5] ^ 1]) + sealed[-4:],
        lambda sealed: sealed.replace(b'"made_by": "', b'"made_by": "x', 1),
        lambda sealed: sealed.replace(b'"key_id": "k2"', b'"key_id": "k1"', 1),
        lambda sealed: sealed[: len(MAGIC)] + b"not json\n",
        lambda sealed: b"something else" + sealed,
        lambda sealed: b"",
    ],
)
def test_a_damaged_file_is_refused(damage: Callable[[bytes], bytes]) -> None:
    sealed = _seal(secrets.token_bytes(3 * CHUNK_BYTES))
    with pytest.raises(SealedFileFault):
        _open(damage(sealed))


def test_another_installation_is_told_what_is_missing() -> None:
    with pytest.raises(SealedFileFault, match=r"secrets\.json"):
        _open(_seal(b"x"), {"other": b"o" * 32})
    with pytest.raises(SealedFileFault, match=r"secrets\.json"):
        _open(_seal(b"x"), {"k2": b"o" * 32})


def test_a_file_for_something_else_is_refused() -> None:
    with pytest.raises(SealedFileFault, match="something else"):
        _open(_seal(b"x"), purpose="another")
