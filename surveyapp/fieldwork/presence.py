"""Who is at which page of a return, as far as it is shared: kept only where part links exist, and coarsely.

A visit is the last page that was opened through one link. It is written inside a transaction that is open anyway, or
in a short one of its own at most twice a minute for each link.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, bindparam, insert, select, update

from surveyapp.fieldwork.drafts import Draft
from surveyapp.fieldwork.part_links import PartLinks
from surveyapp.records.database import lock_rows
from surveyapp.records.tables import draft, return_visit

OWN_LINK = ""  # the link_id of a visit through the return's own link
NEAR = timedelta(minutes=2)  # who was at a page within this time is taken to be there
REST = timedelta(seconds=30)  # between two visits of a link that are written for their own sake


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody at a page. `label` is blank for whoever holds the return's own link."""

    link_id: str
    label: str
    page: str
    seen_at: datetime


def list_visitors(parts: PartLinks) -> tuple[Visitor, ...]:
    """The last visit through each link that still opens something, the return's own link first."""
    own = (Visitor(OWN_LINK, "", parts.own_page, parts.own_seen_at),) if parts.own_seen_at is not None else ()
    return own + tuple(
        Visitor(link.link_id, link.label, link.page, link.seen_at) for link in parts.live if link.seen_at is not None
    )


def find_company(parts: PartLinks, page_name: str, *, link_id: str, now: datetime) -> tuple[Visitor, ...]:
    """Who else was at this page just now."""
    return tuple(
        visitor
        for visitor in list_visitors(parts)
        if visitor.page == page_name and visitor.link_id != link_id and now - visitor.seen_at < NEAR
    )


def is_visit_due(parts: PartLinks, *, link_id: str, now: datetime, page_name: str | None = None) -> bool:
    """Whether a visit through this link is worth noting: nothing was noted for a while, or it was not `page_name`."""
    if not parts.live:
        return False
    last = next((visitor for visitor in list_visitors(parts) if visitor.link_id == link_id), None)
    return last is None or now - last.seen_at >= REST or page_name not in (None, last.page)


def note_visit(connection: Connection, of_draft: Draft, page_name: str, *, link_id: str, now: datetime) -> None:
    """Keep that this page was opened through this link. Of a withdrawn return nothing is kept."""
    key = {"of_survey": of_draft.survey_id, "of_draft": of_draft.draft_id}
    # Two first visits through one link at the same moment are one row: they queue at the return's row.
    lock_rows(connection, _state.with_for_update(), key)
    if connection.scalar(_state, key) in (None, "withdrawn"):
        return
    visit = {"page": page_name, "seen_at": now}
    if not connection.execute(_update, {**key, "of_link": link_id, **visit}).rowcount:
        row = {"survey_id": of_draft.survey_id, "draft_id": of_draft.draft_id, "link_id": link_id}
        connection.execute(insert(return_visit), {**row, **visit})


_state = select(draft.c.state).where(
    and_(draft.c.survey_id == bindparam("of_survey"), draft.c.draft_id == bindparam("of_draft"))
)
_update = update(return_visit).where(
    return_visit.c.survey_id == bindparam("of_survey"),
    return_visit.c.draft_id == bindparam("of_draft"),
    return_visit.c.link_id == bindparam("of_link"),
)
