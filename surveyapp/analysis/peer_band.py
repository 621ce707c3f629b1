"""The band of peers that a company sees beside its own readiness: quartiles of a whole round, frozen.

A band that followed every return would give single companies away: who edits or withdraws an own return would see what
it had moved, and who looks before and after another one is submitted would see that one. So it is made once, of the
returns as they were, and made anew only when so many further companies have come that no difference between the two
tells of fewer (docs/adr/0025).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, Literal

from pyroaring import BitMap
from sqlalchemy import Connection, func, select

from surveyapp.analysis.answer_index import (
    READINESS_OVERALL,
    READINESS_OVERALL_EQUAL,
    AnswerIndex,
    name_dimension,
)
from surveyapp.analysis.counts import count_values
from surveyapp.analysis.disclosure import ReleasedSummary, release_summary
from surveyapp.analysis.number_summaries import NumberSummary, summarise_numbers
from surveyapp.analysis.open_indexes import open_index
from surveyapp.fieldwork.rounds import Round, find_round_by_id, hold_survey
from surveyapp.fieldwork.thresholds import Audience
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.records.database import Database
from surveyapp.records.frozen_figures import (
    FrozenFigure,
    find_frozen_revision,
    keep_frozen_figure,
    load_frozen_figure,
)
from surveyapp.records.tables import response

PEERS = "readiness.peers"  # name of the frozen figure
FREEZE_PEERS = "peers.freeze"  # kind of the job
AUDIENCE = Audience.PUBLIC  # whoever takes part may pass on what is shown to it

Freezing = Literal["made", "renewed", "kept", "too_few", "not_companies"]


@dataclass(frozen=True, slots=True)
class PeerBand:
    """Median and quartiles of a round's companies, 0 to 100, as they were at `made_at`."""

    made_at: datetime
    numbers: BitMap  # of the returns that were counted
    dimensions: Mapping[str, ReleasedSummary]
    overall: ReleasedSummary
    overall_equal_weights: ReleasedSummary

    @property
    def is_hidden(self) -> bool:
        """Whether nothing of it may be shown, because the round asks for more companies than when it was made."""
        return all(summary.n.hidden is not None for summary in (self.overall, *self.dimensions.values()))

    def counts(self, number: int | None) -> bool:
        """Whether the return of this number was among them."""
        return number is not None and number in self.numbers


def find_least(round_: Round) -> int:
    """From how many companies on there is a band, and from how many further ones on another."""
    return round_.thresholds[AUDIENCE].round_base


def find_counted(index: AnswerIndex, round_: Round) -> BitMap:
    """The returns that a band may count: one a company of the directory.

    Returns without one are left out. Behind an open link anybody can put in ten returns, and the eleventh would be
    the only one that is not known to them.
    """
    if not index.counts_companies(round_.round_id):
        return BitMap()
    return BitMap(number for number in index.of_round(round_.round_id) if number in index.company_returns)


def is_freezing_due(connection: Connection, round_: Round) -> bool:
    """Whether it is worth while to ask for the band to be frozen: as many companies have come, or changed, since.

    Who has only changed its return is told apart when the band is made.
    """
    if not round_.counts_companies:
        return False
    seen = find_frozen_revision(connection, round_.survey_id, round_.round_id, PEERS) or 0
    companies = select(func.count(response.c.company_id.distinct())).where(
        response.c.survey_id == round_.survey_id,
        response.c.revision > seen,
        response.c.round_id == round_.round_id,
        response.c.state == "submitted",
    )
    return (connection.scalar(companies) or 0) >= find_least(round_)


def freeze_peer_band(
    database: Database, survey_id: str, round_id: int, questionnaire: Questionnaire, *, now: datetime
) -> Freezing:
    """Make the round's band, or make it anew, where that is due; safe to call from several workers at once.

    Nothing is submitted, edited or withdrawn meanwhile. Raises `RoundUnknown`, and `FigureAltered` where the band that
    would be replaced is not what was frozen.
    """
    open_index(database, survey_id)  # so that what is read while the survey is held is little
    with database.write() as connection:
        hold_survey(connection, survey_id)
        round_ = find_round_by_id(connection, survey_id, round_id)
        if not round_.counts_companies:
            return "not_companies"
        index = open_index(database, survey_id)
        counted = find_counted(index, round_)
        frozen = load_frozen_figure(connection, survey_id, round_id, PEERS)
        before = BitMap() if frozen is None else read_numbers(frozen.content["numbers"])
        least = find_least(round_)
        # Companies whose return was not in the former band. Those that left it since are no reason for another.
        if len(counted) < least or len(counted - before) < least:
            return "too_few" if frozen is None else "kept"
        content = build_content(index, questionnaire, round_, counted)
        figure = FrozenFigure(content, index.revision, now)
        keep_frozen_figure(connection, survey_id, round_id, PEERS, figure)
        return "made" if frozen is None else "renewed"


def load_peer_band(connection: Connection, round_: Round) -> PeerBand | None:
    """The round's frozen band under the thresholds that hold now; None where there is none. Raises `FigureAltered`."""
    frozen = load_frozen_figure(connection, round_.survey_id, round_.round_id, PEERS)
    if frozen is None:
        return None
    content = frozen.content

    def release(written: Mapping[str, Any]) -> ReleasedSummary:
        return release_summary(read_summary(written), AUDIENCE, round_.thresholds)

    return PeerBand(
        made_at=frozen.made_at,
        numbers=read_numbers(content["numbers"]),
        dimensions={name: release(written) for name, written in content["dimensions"].items()},
        overall=release(content["overall"]),
        overall_equal_weights=release(content["overall_equal_weights"]),
    )


def build_content(index: AnswerIndex, questionnaire: Questionnaire, round_: Round, counted: BitMap) -> dict[str, Any]:
    """What is kept of a band. A figure that may not be shown is not in it."""

    def write(column: str) -> dict[str, Any]:
        summary = summarise_numbers(count_values(index, column, counted.intersection_cardinality))
        released = release_summary(summary, AUDIENCE, round_.thresholds)
        return write_summary(released)

    return {
        "numbers": write_numbers(counted),
        "versions": list(index.find_versions(counted)),
        "dimensions": {name: write(name_dimension(name)) for name in questionnaire.scoring.weights},
        "overall": write(READINESS_OVERALL),
        "overall_equal_weights": write(READINESS_OVERALL_EQUAL),
    }


def write_summary(released: ReleasedSummary) -> dict[str, Any]:
    if released.n.hidden is not None:
        return {}
    quartiles = (released.lower_quartile, released.median, released.upper_quartile)
    return {"n": released.n.count, "quartiles": [str(figure.value) for figure in quartiles]}


def read_summary(written: Mapping[str, Any]) -> NumberSummary:
    if not written:
        return NumberSummary(0)
    low, middle, high = (Fraction(value) for value in written["quartiles"])
    return NumberSummary(n=written["n"], lower_quartile=low, median=middle, upper_quartile=high)


def write_numbers(numbers: BitMap) -> str:
    """Numbers as runs, such as `1-40,42`: short, however many they are."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def read_numbers(written: str) -> BitMap:
    numbers = BitMap()
    for run in filter(None, written.split(",")):
        first, _, last = run.partition("-")
        numbers.add_range(int(first), int(last or first) + 1)
    return numbers
