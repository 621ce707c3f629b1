"""Files that wait to be fetched, sealed, in a folder of the installation, until a date after which nobody gets them.

What is written first has another name; a file has its own name once it is complete and on the disk. Whoever is cut off
leaves something that is swept away.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from surveyapp.records.encryption import Vault
from surveyapp.records.sealed_files import SealedFileFault, SealedWriter, read_header, read_sealed

FOLDER = "exports"
_PURPOSE = "surveyapp export"
_ENDING, _UNFINISHED, _ASIDE = ".sealed", ".unfinished", "aside-"
_ID = re.compile(r"[0-9a-f]{32}")
_BLOCK = 1024 * 1024
_LEFT = timedelta(days=1)  # after which what was cut off is nobody's work any more


class FileGone(LookupError):
    """There is no such file, or its time is over, or the keys of this installation do not open it."""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """What was kept: bytes and SHA-256 of the file as it is given out, and until when."""

    size: int
    sha256: str
    expires_at: datetime


class FileStore:
    """The files of one installation, each under the number of the job that made it."""

    def __init__(self, instance: Path, vault: Vault) -> None:
        self._folder = instance / FOLDER
        self._vault = vault

    @contextmanager
    def open_aside(self) -> Iterator[Path]:
        """A folder for what is made on the way, gone afterwards."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=_ASIDE, dir=self._folder))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def keep(self, file_id: str, content: BinaryIO, *, expires_at: datetime) -> KeptFile:
        """Seal a file, read from where it stands; one of the same number is replaced. Raises `OSError`."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = self._find(file_id)
        unfinished = path.with_name(f"{file_id}.{secrets.token_hex(4)}{_UNFINISHED}")
        size, digest = 0, hashlib.sha256()
        try:
            with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                facts = {"file": file_id, "expires_at": expires_at.isoformat()}
                sealed = SealedWriter(file, self._vault, _PURPOSE, facts)
                while block := content.read(_BLOCK):
                    sealed.write(block)
                    digest.update(block)
                    size += len(block)
                sealed.close()
                file.flush()
                os.fsync(file.fileno())
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)
        return KeptFile(size, digest.hexdigest(), expires_at)

    def read(self, file_id: str, now: datetime) -> Iterator[bytes]:
        """The file, piece by piece. Raises `FileGone` before the first piece."""
        if not _ID.fullmatch(file_id):
            raise FileGone(file_id)
        try:
            file = self._find(file_id).open("rb")
        except OSError:
            raise FileGone(file_id) from None
        with file:
            try:
                header = read_header(file)
                is_ours = header.facts["file"] == file_id
                if not is_ours or now >= datetime.fromisoformat(header.facts["expires_at"]):
                    raise FileGone(file_id)
                yield from read_sealed(file, header, self._vault, _PURPOSE)
            except (SealedFileFault, KeyError, ValueError):
                raise FileGone(file_id) from None

    def is_kept(self, file_id: str) -> bool:
        return bool(_ID.fullmatch(file_id)) and self._find(file_id).exists()

    def discard(self, file_id: str) -> None:
        """Erase a file; one that is not there is erased already."""
        if _ID.fullmatch(file_id):
            self._find(file_id).unlink(missing_ok=True)

    def sweep(self, now: datetime) -> int:
        """Erase what is past its date, and what was cut off; gives how many files."""
        erased = 0
        for path in self._folder.glob("*"):
            try:
                if path.name.endswith(_ENDING):
                    is_over = now >= _read_expiry(path)
                else:
                    is_over = now.timestamp() - path.stat().st_mtime > _LEFT.total_seconds()
                if is_over:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
                    erased += 1
            except OSError:  # another process was faster
                continue
        return erased

    def _find(self, file_id: str) -> Path:
        return self._folder / f"{file_id}{_ENDING}"


def _read_expiry(path: Path) -> datetime:
    """When the file's time is over; one whose head cannot be read is of no use to anybody."""
    with path.open("rb") as file:
        try:
            return datetime.fromisoformat(read_header(file).facts["expires_at"])
        except (SealedFileFault, KeyError, ValueError):
            return datetime.fromtimestamp(0, tz=datetime.now().astimezone().tzinfo)
