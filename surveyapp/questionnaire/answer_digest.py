"""A short name for one version of an answer, so that a page can say over which it was drawn, and a person choose."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Literal

from surveyapp.questionnaire.model import Stored

BLANK = ""
_DIGITS = 12  # 48 bits tell the few versions of one answer apart; nobody gains by forging a version of an own answer


def digest_answer(stored: Stored | None) -> str:
    """Twelve hexadecimal digits that differ wherever two answers differ; empty for no answer."""
    if stored is None:
        return BLANK
    written = json.dumps(stored, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


Side = Literal["mine", "theirs"]


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a person chose between an own answer and a stored one; it counts against the very version that was shown."""

    side: Side
    version: str
