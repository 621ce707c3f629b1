"""Submitted returns of a round, one after another, for whoever writes them out; memory stays flat."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from json import JSONDecoder
from typing import NamedTuple

from sqlalchemy import Connection, Text, cast, select

from surveyapp.fieldwork.modes import Mode
from surveyapp.questionnaire.model import Answers, Language, Stored
from surveyapp.records.confidential import load_confidential
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import response

BATCH = 1000  # rows fetched at once
DECODED = 32  # rows decoded at once: the decoder makes each name once for all of them

_NOTHING: Mapping[str, Stored] = {}
_EMPTY = "{}"


class SubmittedReturn(NamedTuple):
    """One return as it was submitted. `identity` and `contact` are empty unless the stream was asked to open them."""

    number: int
    language: Language
    answers: Answers
    texts: Answers
    submitted_at: datetime
    edited_at: datetime | None
    identity: Answers = _NOTHING
    mode: Mode = "web"
    contact: Answers = _NOTHING


def stream_returns(
    connection: Connection, survey_id: str, round_id: int, *, vault: Vault | None = None, with_contact: bool = False
) -> Iterator[SubmittedReturn]:
    """Returns that were submitted and not withdrawn, by number.

    Rows are decoded a few at a time: a thousand decoded returns at once would keep the garbage collector busy for as
    long as the decoding takes. With `vault` what names the company is opened too, to be written ("identified") or to be
    taken out of texts ("deidentified", `with_contact`: what reaches a person as well). Raises `VaultFault`.
    """
    read = JSONDecoder().raw_decode
    rows = connection.execute(
        select(
            response.c.number,
            response.c.language,
            cast(response.c.answers, Text),  # read here: most returns have no texts, and neither column needs more
            cast(response.c.texts, Text),
            response.c.submitted_at,
            response.c.edited_at,
            response.c.identity_link,
            response.c.mode,
            response.c.contact_link,
        )
        .where(response.c.survey_id == survey_id, response.c.round_id == round_id, response.c.state == "submitted")
        .order_by(response.c.number)
        .execution_options(yield_per=BATCH)
    )
    for batch in rows.partitions(BATCH):
        opened: dict[str | None, Answers] = {}
        if vault is not None:
            links = [link for row in batch for link in (row[6], row[8] if with_contact else None) if link is not None]
            opened.update(load_confidential(connection, vault, survey_id, links).items())
        for start in range(0, len(batch), DECODED):
            part = batch[start : start + DECODED]
            decoded = read(f"[{','.join([row[2] for row in part])}]")[0]
            for row, answers in zip(part, decoded, strict=True):
                number, language, _, texts, submitted_at, edited_at, identity, mode, contact = row
                yield SubmittedReturn(
                    number,
                    language,
                    answers,
                    _NOTHING if texts == _EMPTY else read(texts)[0],
                    submitted_at,
                    edited_at,
                    opened.get(identity, _NOTHING),
                    mode,
                    opened.get(contact, _NOTHING),
                )
