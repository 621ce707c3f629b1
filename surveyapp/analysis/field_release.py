"""Progress of the field as it leaves the desk, remembered like every release."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pyroaring import BitMap, FrozenBitMap
from sqlalchemy import Connection

from surveyapp.analysis.disclosure import FieldSets, ReleasedField, release_field
from surveyapp.analysis.field_records import (
    SEGMENTS,
    Disposition,
    FieldRecord,
    Segment,
    Step,
    list_open_returns,
    load_field_records,
)
from surveyapp.analysis.masks import Origin
from surveyapp.analysis.release_memory import Memory, Shown
from surveyapp.fieldwork.rounds import Round
from surveyapp.fieldwork.thresholds import Audience
from surveyapp.records.change_feed import find_latest_revision

FIELD = "field"  # the table's name in the memory

# Above every number of a return, and below those that the memory gives to returns as they were earlier.
_FIRST_COMPANY = 2**30


def collect_field(connection: Connection, round_: Round, counted: BitMap) -> FieldSets:
    """Which invited companies came to which step, and their groups; `counted` are the returns behind figures."""
    records = load_field_records(connection, round_)
    open_returns = counted & BitMap(list_open_returns(connection, round_))
    origin = Origin(
        survey_id=round_.survey_id,
        round_id=round_.round_id,
        revision=find_latest_revision(connection, round_.survey_id),
        versions=(round_.questionnaire_version,),
        unit="companies",
    )
    return sort_companies(records, origin, returns=len(counted), open_returns=len(open_returns))


def sort_companies(records: Sequence[FieldRecord], origin: Origin, *, returns: int, open_returns: int) -> FieldSets:
    """A return that was withdrawn since is not counted as submitted: the difference would tell how many there are."""
    steps = {step: _number(each for each in records if each.find_time(step) is not None) for step in Step}
    steps[Step.SUBMITTED] = _number(each for each in records if each.disposition is Disposition.COMPLETE)
    invited = steps.pop(Step.INVITED)
    return FieldSets(
        origin=origin,
        invited=invited,
        sample=_number(each for each in records if each.disposition is not Disposition.NOT_IN_SAMPLE),
        steps=tuple((step.value, companies) for step, companies in steps.items()),
        groups=tuple((segment, _group(records, segment)) for segment in SEGMENTS),
        without_order=frozenset({Step.BOUNCED.value}),
        left=steps[Step.WITHDRAWN],
        returns=returns,
        open_returns=open_returns,
    )


def ask_for_field(
    memory: Memory, survey_round: Round, sets: FieldSets, audience: Audience = Audience.MINISTRY
) -> Shown[ReleasedField]:
    """The progress as an audience may see it now."""
    return memory.release(
        FIELD, ReleasedField, lambda before: release_field(sets, audience, survey_round.thresholds, before=before)
    )


def _group(records: Sequence[FieldRecord], segment: Segment) -> tuple[tuple[str, FrozenBitMap], ...]:
    values = sorted({each.find_segment(segment) for each in records})
    return tuple((value, _number(each for each in records if each.find_segment(segment) == value)) for value in values)


def _number(records: Iterable[FieldRecord]) -> FrozenBitMap:
    return FrozenBitMap(_FIRST_COMPANY + each.company_id for each in records)
