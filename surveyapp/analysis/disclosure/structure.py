"""Whether the linear programme of a problem has whole-number solutions by itself."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from surveyapp.analysis.disclosure.problems import Row

MOST_SETS = 400  # beyond it the pairs are not looked at, and the integer programme is solved


def is_totally_unimodular(rows: Sequence[Row]) -> bool:
    """Whether the rows are recognised as totally unimodular: the sets they sum over are one hierarchy or two.

    A hierarchy (laminar family): of any two sets one holds the other or they have nothing in common, such as cells,
    rows and a grand total. Two hierarchies are a table with totals both ways, or groups within groups against answers
    that exclude each other. Two sets that cross cannot be in the same hierarchy, so there are two hierarchies exactly
    where the graph of crossing sets has two colours. Rows with minus signs are not recognised, though they may be.

    Source: Edmonds (1970), "Submodular functions, matroids, and certain polyhedra" (the sets of two laminar families
    make a totally unimodular matrix); Schrijver (2003), *Combinatorial Optimization*, chapter 41.
    """
    if any(row.minus for row in rows):
        return False
    sets = list({frozenset(row.plus) for row in rows if len(row.plus) > 1})
    if len(sets) > MOST_SETS:
        return False
    crossing: dict[int, list[int]] = {}
    for (one, first), (other, second) in combinations(enumerate(sets), 2):
        if not (first.isdisjoint(second) or first <= second or second <= first):
            crossing.setdefault(one, []).append(other)
            crossing.setdefault(other, []).append(one)
    return _has_two_colours(crossing)


def _has_two_colours(crossing: dict[int, list[int]]) -> bool:
    colours: dict[int, bool] = {}
    for start in crossing:
        if start in colours:
            continue
        colours[start] = True
        waiting = [start]
        while waiting:
            one = waiting.pop()
            for other in crossing[one]:
                if other not in colours:
                    colours[other] = not colours[one]
                    waiting.append(other)
                elif colours[other] == colours[one]:
                    return False
    return True
