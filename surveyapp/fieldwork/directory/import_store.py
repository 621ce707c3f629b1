"""What was uploaded, sealed, between its preview and the confirmation (docs/adr/0019).

One file for each upload in a folder of the installation: the rows as text, compressed, sealed by the vault and bound to
the survey, the upload and the account that made it. After half an hour it is neither opened nor kept.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from surveyapp.fieldwork.directory.table_files import Sheet, TableFile
from surveyapp.records.encryption import Vault, VaultFault

FOLDER = "imports"
TIME_TO_CONFIRM = timedelta(minutes=30)
_ID = re.compile(r"[0-9a-f]{32}")
_ENDING = ".sealed"


class UploadGone(LookupError):
    """There is no such upload of this account: it was imported or discarded, or it is older than half an hour."""


@dataclass(frozen=True, slots=True)
class Upload:
    upload_id: str
    file_name: str
    table: TableFile


class UploadStore:
    """The uploads of one account."""

    def __init__(self, instance: Path, vault: Vault, survey_id: str, actor: str) -> None:
        self._folder = instance / FOLDER
        self._vault = vault
        self._survey_id = survey_id
        self._actor = actor

    def keep(self, file_name: str, table: TableFile, now: datetime) -> str:
        """Seal what was read of a file and return the id of the upload."""
        self.sweep(now)
        upload_id = secrets.token_hex(16)
        content = {
            "file_name": file_name,
            "kept_at": now.isoformat(),
            "kind": table.kind,
            "encoding": table.encoding,
            "sheets": [[sheet.name, sheet.rows] for sheet in table.sheets],
        }
        written = zlib.compress(json.dumps(content).encode("ascii"), 1)
        sealed = self._vault.seal(written, bound_to=self._bind(upload_id))
        self._folder.mkdir(mode=0o700, exist_ok=True)
        with os.fdopen(os.open(self._find(upload_id), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(sealed)
        return upload_id

    def load(self, upload_id: str, now: datetime) -> Upload:
        """Raises `UploadGone`, also for the upload of another account."""
        if not _ID.fullmatch(upload_id):
            raise UploadGone(upload_id)
        try:
            sealed = self._find(upload_id).read_bytes()
            content = json.loads(zlib.decompress(self._vault.open(sealed, bound_to=self._bind(upload_id))))
        except (OSError, VaultFault):
            raise UploadGone(upload_id) from None
        if now - datetime.fromisoformat(content["kept_at"]) > TIME_TO_CONFIRM:
            self.discard(upload_id)
            raise UploadGone(upload_id)
        sheets = tuple(Sheet(name, rows) for name, rows in content["sheets"])
        return Upload(upload_id, content["file_name"], TableFile(content["kind"], content["encoding"], sheets))

    def discard(self, upload_id: str) -> None:
        """Erase an upload; one that is not there is erased already."""
        if _ID.fullmatch(upload_id):
            self._find(upload_id).unlink(missing_ok=True)

    def sweep(self, now: datetime) -> None:
        """Erase what nobody confirmed in time, whoever uploaded it."""
        for path in self._folder.glob(f"*{_ENDING}"):
            try:
                if now.timestamp() - path.stat().st_mtime > TIME_TO_CONFIRM.total_seconds():
                    path.unlink(missing_ok=True)
            except OSError:  # another process was faster
                continue

    def _find(self, upload_id: str) -> Path:
        return self._folder / f"{upload_id}{_ENDING}"

    def _bind(self, upload_id: str) -> bytes:
        return f"{self._survey_id}\x1f{upload_id}\x1f{self._actor}\x1fimport".encode()
