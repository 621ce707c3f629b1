"""The frozen figures of a round as one of its companies may see them, and what they mean for who withdraws."""

from __future__ import annotations

from flask_babel import gettext as _

from surveyapp.analysis.peer_band import find_least, load_peer_band
from surveyapp.log_lines import open_logger
from surveyapp.records.database import Connection
from surveyapp.records.frozen_figures import FigureAltered
from surveyapp.reports.readiness_explanations import Peers
from surveyapp.web.locale import show_time
from surveyapp.web.respondent.open_return import OpenReturn

logger = open_logger("surveyapp.respondent")


def find_peers(connection: Connection, opened: OpenReturn) -> Peers:
    """The round's band, or why there is none to be shown."""
    least = find_least(opened.round)
    if not opened.round.counts_companies:
        return Peers("not_companies", least)
    try:
        band = load_peer_band(connection, opened.round)
    except FigureAltered as fault:
        logger.error("frozen figure altered", figure=str(fault))
        return Peers("altered", least)
    if band is None or band.is_hidden:
        return Peers("too_few", least)
    return Peers("shown", least, band, band.counts(opened.draft.response_number))


def tell_frozen(connection: Connection, opened: OpenReturn) -> tuple[str, ...]:
    """That a return is in figures that stay when it is withdrawn; nothing where it is in none."""
    peers = find_peers(connection, opened)
    if peers.band is None or not peers.has_own:
        return ()
    return (
        _(
            "One figure stays: what companies of this round see beside their own readiness was calculated on %(time)s, "
            "with this return among at least %(least)s. It names nobody, and the next one is calculated without it.",
            time=show_time(peers.band.made_at),
            least=peers.least,
        ),
    )
