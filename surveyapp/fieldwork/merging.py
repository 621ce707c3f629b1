"""One merge rule for whatever reaches a return, question by question: a three-way merge.

Each posted answer says which version of the stored one it was drawn over. Where that is still the stored version, the
posted answer is taken. Where somebody else changed it since, it stands unless the person here changed it too: then both
versions are shown, and the person says which one holds. Nothing is overwritten unseen, and nobody is asked about
answers that only one of the two touched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from surveyapp.questionnaire.answer_digest import Settlement, digest_answer
from surveyapp.questionnaire.model import Answers, Stored


@dataclass(frozen=True, slots=True)
class Merge:
    """`taken`: posted answers that are stored now; `left`: names of which the stored answer stands, because only
    somebody else changed it or the person chose it; `conflicts`: names about which the person has to be asked."""

    taken: Mapping[str, Stored | None]
    left: tuple[str, ...]
    conflicts: tuple[str, ...]


def merge_posted(
    kept: Answers,
    posted: Mapping[str, Stored | None],
    read: Mapping[str, str],
    settled: Mapping[str, Settlement],
) -> Merge:
    """Which of the posted answers are taken over the kept ones.

    `read` holds the version (`digest_answer`) of the stored answer that each posted one was drawn over. A name that is
    not in it comes from a form that tells no versions, and is taken.
    """
    taken: dict[str, Stored | None] = {}
    left: list[str] = []
    conflicts: list[str] = []
    for name, mine in posted.items():
        theirs = kept.get(name)
        version = digest_answer(theirs)
        choice = settled.get(name)
        is_settled = choice is not None and choice.version == version
        if is_settled and choice is not None and choice.side == "theirs":
            left.append(name)
        elif mine == theirs or is_settled or read.get(name, version) == version:
            taken[name] = mine
        elif digest_answer(mine) == read[name]:
            left.append(name)
        else:
            conflicts.append(name)
    return Merge(taken, tuple(left), tuple(conflicts))
