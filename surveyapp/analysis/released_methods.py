"""How a round was gathered, as far as it may be told outside the desk: what the field's release says of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from surveyapp.analysis.disclosure import Hidden, ReleasedField, ReleasedFigure
from surveyapp.analysis.release_memory import Shown


@dataclass(frozen=True, slots=True)
class ReleasedMethods:
    """`rate` is AAPOR's RR1, None where nobody was invited. What n and the rate differ by, returns through the open
    link, is small: where it may not be told, the rate is not either.
    """

    returns: ReleasedFigure | None
    rate: ReleasedFigure | None
    through_open_link: ReleasedFigure | None
    since: datetime | None = None  # when it was released as it is; None: it was not


def find_methods(shown: Shown[ReleasedField]) -> ReleasedMethods:
    """The methods of a round as they may be told now, which may be those of an earlier day."""
    table = shown.table
    rate = None if table.rate.hidden is Hidden.NOT_COMPUTED else table.rate
    return ReleasedMethods(table.returns, rate, table.through_open_link, shown.since)
