"""Declared roll-ups: which categories of companies may be taken together where too little can be shown of each.

Categories are merged before cells are hidden (Hundepool et al. 2012, section 4.3 "table redesign"). Issues need none of
their own: a problem rolls up to its area, which stands beside it in every table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_

from pyroaring import FrozenBitMap

from surveyapp.analysis.intervals import Share
from surveyapp.analysis.issue_returns import STAGES
from surveyapp.analysis.segments import AreaCross, Segment, SegmentQuestion
from surveyapp.questionnaire.model import Text


@dataclass(frozen=True, slots=True)
class Merged:
    """Categories that are shown as one."""

    name: str
    label: Text
    choices: tuple[str, ...]


# From finer to coarser; a category that no entry names stays by itself.
ROLLUPS: Mapping[SegmentQuestion, tuple[tuple[Merged, ...], ...]] = {
    "company_size": (
        (
            Merged("e1_299", Text("299명 이하", "299 or fewer", "299人以下"), ("e1_49", "e50_299")),
            Merged("e300p", Text("300명 이상", "300 or more", "300人以上"), ("e300_999", "e1000p")),
        ),
    ),
    "product_categories": (
        (
            Merged(
                "chemical",
                Text("합성의약품·원료", "Chemical drugs and APIs", "化学合成医薬品・原薬"),
                ("new_chem", "generic", "api"),
            ),
            Merged(
                "biological",
                Text("바이오·재생의료", "Biologicals and regenerative", "バイオ・再生医療"),
                ("biosimilar", "biologic", "regen"),
            ),
            Merged(
                "devices",
                Text("의료기기·IVD·소프트웨어", "Devices, IVDs and software", "医療機器・IVD・プログラム"),
                ("device", "ivd", "samd"),
            ),
            Merged("others", Text("그 밖의 제품", "Other products", "その他の製品"), ("otc_quasi", "other")),
        ),
    ),
    "jp_stage": (
        (
            Merged("not_filed", Text("신청 전", "Not yet filed", "申請前"), STAGES["not_filed"]),
            Merged(
                "filed_or_market",
                Text("신청·허가·판매 중", "Filed, approved or on the market", "申請中・承認済み・販売中"),
                STAGES["filed_or_market"],
            ),
        ),
    ),
}


def list_merged_crosses(cross: AreaCross) -> tuple[AreaCross, ...]:
    """The same table under each declared roll-up of its segments, from finer to coarser."""
    return tuple(_merge_segments(cross, merges) for merges in ROLLUPS.get(cross.by_question, ()))


def _merge_segments(cross: AreaCross, merges: tuple[Merged, ...]) -> AreaCross:
    owners = {choice: merged for merged in merges for choice in merged.choices}
    found: dict[str, tuple[Text, list[FrozenBitMap]]] = {}
    for segment in cross.segments:
        owner = owners.get(segment.choice)
        name, label = (segment.choice, segment.label) if owner is None else (owner.name, owner.label)
        found.setdefault(name, (label, []))[1].append(segment.numbers)
    segments = []
    for name, (label, parts) in found.items():
        numbers = FrozenBitMap(reduce(or_, parts))
        segments.append(Segment(name, label, len(numbers), numbers))
    rows = tuple(
        row
        if row.few_cases
        else replace(
            row,
            cells=tuple(
                Share(row.ticked.intersection_cardinality(segment.numbers), segment.base) for segment in segments
            ),
        )
        for row in cross.rows
    )
    return replace(cross, segments=tuple(segments), rows=rows)
