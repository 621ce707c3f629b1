"""How a round was gathered, as far as it may be told outside the desk: n and the response rate as released figures."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from surveyapp.analysis.disclosure import ReleasedFigure, release_round_shares, release_tally
from surveyapp.analysis.field_progress import count_steps
from surveyapp.analysis.field_records import count_open_returns, load_field_records
from surveyapp.analysis.intervals import Share
from surveyapp.fieldwork.rounds import Round
from surveyapp.fieldwork.thresholds import Audience


@dataclass(frozen=True, slots=True)
class ReleasedMethods:
    """`rate` is AAPOR's RR1, None where nobody was invited. What n and the rate differ by, returns through the open
    link, is small: where it may not be told, the rate is not either."""

    returns: ReleasedFigure
    rate: ReleasedFigure | None
    through_open_link: ReleasedFigure | None


def release_methods(connection: Connection, round_: Round, returns: int, audience: Audience) -> ReleasedMethods:
    """`returns` are those that are counted in the round's figures."""
    minimum = count_steps(load_field_records(connection, round_)).rates.minimum
    open_returns = min(count_open_returns(connection, round_), returns)  # a company's second one is in no figure
    rate, through_open_link = release_round_shares([minimum, Share(open_returns, returns)], audience, round_.thresholds)
    return ReleasedMethods(
        returns=release_tally(returns, audience, round_.thresholds),
        rate=rate if minimum.base else None,
        through_open_link=through_open_link if open_returns else None,
    )
