"""The readiness report of one company in words and drawings: for its own follow-up, never for ranking.

(The desk's cards about the readiness of all companies are `readiness_report`.)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from surveyapp.analysis.company_readiness import (
    FULL_SCORE,
    TOP_LEVEL,
    CompanyReadiness,
    DimensionReading,
    ItemReading,
)
from surveyapp.analysis.disclosure import ReleasedSummary
from surveyapp.questionnaire.model import Text
from surveyapp.questionnaire.scoring import GATE_SCORE, LEAST_DIMENSIONS, LEAST_WEIGHT, SHOWN_DIGITS
from surveyapp.reports.readiness_bars import TICKS, Bar, Tick, place_marks
from surveyapp.reports.readiness_explanations import (
    EarlierReadiness,
    Peers,
    explain_earlier,
    explain_gate,
    explain_method,
    explain_peers,
    explain_steps,
)
from surveyapp.reports.readiness_report import name_band, name_dimension
from surveyapp.reports.words import BLANK, Words

LegendKind = Literal["own", "earlier", "band", "median"]

_LEVEL = re.compile(r"^\d - (.+)$", re.DOTALL)
_TOPIC = re.compile(r"^(?:\[[^\]]+\]\s*|【[^】]+】)(.+)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ItemWords:
    """One question: the level reached and the one above, or in `remark` why there is none."""

    question: str
    level: str
    sentence: str
    next_label: str
    next_sentence: str
    remark: str


@dataclass(frozen=True, slots=True)
class DimensionWords:
    id: str
    name: str
    weight: str
    score: str  # blank where there is none
    bar: Bar
    lines: tuple[str, ...]  # peers, earlier round, gate
    items: tuple[ItemWords, ...]


@dataclass(frozen=True, slots=True)
class FirstStep:
    dimension: str
    anchor: str
    sentence: str
    reason: str


@dataclass(frozen=True, slots=True)
class OverallWords:
    """The overall result; where there is none, `missing` says why and the rest is blank."""

    score: str
    equal_weights: str
    band: str
    bar: Bar
    lines: tuple[str, ...]  # bands, gate, peers, earlier round
    missing: str


@dataclass(frozen=True, slots=True)
class LegendEntry:
    kind: LegendKind
    text: str


@dataclass(frozen=True, slots=True)
class TableColumn:
    text: str
    is_number: bool


@dataclass(frozen=True, slots=True)
class CompanyReport:
    """All that the page and the PDF say beside their surroundings."""

    is_asked: bool  # otherwise nothing else is to be shown
    overall: OverallWords
    first_steps: tuple[FirstStep, ...]
    steps_rule: str
    legend: tuple[LegendEntry, ...]
    ticks: tuple[Tick, ...]
    dimensions: tuple[DimensionWords, ...]
    columns: tuple[TableColumn, ...]
    rows: tuple[tuple[str, ...], ...]
    peers: tuple[str, ...]  # of which companies and of when the band is, or why there is none
    earlier: tuple[str, ...]
    method: tuple[str, ...]


def report_company(
    readiness: CompanyReadiness, peers: Peers, earlier: EarlierReadiness | None, words: Words
) -> CompanyReport:
    return _Writer(readiness, peers, earlier, words).write()


@dataclass(frozen=True, slots=True)
class _Writer:
    readiness: CompanyReadiness
    peers: Peers
    earlier: EarlierReadiness | None
    words: Words

    def write(self) -> CompanyReport:
        readiness = self.readiness
        return CompanyReport(
            is_asked=readiness.is_asked,
            overall=self._write_overall(),
            first_steps=tuple(self._write_step(*step) for step in readiness.first_steps),
            steps_rule=explain_steps(self.words, self.readiness),
            legend=self._write_legend(),
            ticks=TICKS,
            dimensions=tuple(self._write_dimension(each) for each in readiness.dimensions),
            columns=self._list_columns(),
            rows=self._tabulate(),
            peers=explain_peers(self.words, self.peers),
            earlier=explain_earlier(self.words, self.earlier),
            method=explain_method(self.words, self.readiness),
        )

    def _write_overall(self) -> OverallWords:
        result, words = self.readiness.result, self.words
        bands = words.gettext(
            "Below 25 points the band is exploring, from 25 preparing, from 50 advancing, from 75 ready."
        )
        peers = self.peers.band.overall if self.peers.band is not None else None
        if result.overall is None or result.band is None:
            missing = words.gettext(
                "Not enough answers for an overall result: %(answered)s of %(all)s dimensions with %(weight)s of 100 "
                "weight points have a score. It takes %(least)s dimensions and %(points)s points. What was answered is "
                "shown below all the same.",
                answered=result.answered_dimensions,
                all=len(self.readiness.dimensions),
                weight=result.answered_weight,
                least=LEAST_DIMENSIONS,
                points=LEAST_WEIGHT,
            )
            return OverallWords("", "", "", place_marks("", None, None, None), (), missing)
        overall, pair = Fraction(result.overall), self.earlier.comparison.overall if self.earlier else None
        lines = [bands, *explain_gate(self.words, self.readiness), *self._write_peers(peers), *self._write_change(pair)]
        return OverallWords(
            score=words.number(result.overall, SHOWN_DIGITS),
            equal_weights=words.number(result.overall_equal_weights, SHOWN_DIGITS),
            band=name_band(words, result.band),
            bar=place_marks(
                words.pair(words.gettext("Overall, weighted"), words.number(overall, SHOWN_DIGITS)),
                overall,
                pair[1] if pair is not None else None,
                peers,
            ),
            lines=tuple(lines),
            missing="",
        )

    def _write_dimension(self, dimension: DimensionReading) -> DimensionWords:
        words, name = self.words, name_dimension(self.words, dimension.dimension)
        peers = self.peers.band.dimensions.get(dimension.dimension) if self.peers.band is not None else None
        pair = self.earlier.comparison.dimensions.get(dimension.dimension) if self.earlier is not None else None
        score = "" if dimension.score is None else words.number(dimension.score, SHOWN_DIGITS)
        holds = [
            words.gettext(
                "Below %(gate)s: holds the band at “%(held)s”.", gate=GATE_SCORE, held=name_band(words, "preparing")
            )
        ]
        has_gate = dimension.holds_band and self.readiness.result.gate_applied
        return DimensionWords(
            id=f"dimension-{dimension.dimension}",
            name=name,
            weight=words.gettext("weight %(weight)s of 100", weight=dimension.weight),
            score=score,
            bar=place_marks(
                words.pair(name, score or words.gettext("no score")),
                dimension.score,
                pair[1] if pair is not None else None,
                peers,
            ),
            lines=(*(holds if has_gate else ()), *self._write_peers(peers), *self._write_change(pair)),
            items=tuple(self._write_item(item) for item in dimension.items),
        )

    def _write_item(self, item: ItemReading) -> ItemWords:
        words = self.words
        remark = {
            "level": "",
            "not_applicable": words.gettext("Not applicable or not to be judged: left out, never counted as 0."),
            "not_answered": words.gettext("Not answered: left out, never counted as 0."),
            "not_asked": words.gettext("Left out, because of earlier answers."),
        }[item.state]
        if item.level == TOP_LEVEL:
            remark = words.gettext("Highest level reached.")
        has_next = item.level is not None and item.next_sentence is not None
        return ItemWords(
            question=_TOPIC.sub(r"\1", words.text(item.question.label)),
            level="" if item.level is None else words.gettext("Level %(level)s", level=item.level),
            sentence=self._write_sentence(item.sentence),
            next_label=words.gettext("Next step: level %(level)s", level=(item.level or 0) + 1) if has_next else "",
            next_sentence=self._write_sentence(item.next_sentence),
            remark=remark,
        )

    def _write_sentence(self, sentence: Text | None) -> str:
        return "" if sentence is None else _LEVEL.sub(r"\1", self.words.text(sentence))

    def _write_step(self, dimension: DimensionReading, item: ItemReading) -> FirstStep:
        words = self.words
        assert dimension.score is not None
        reason = words.gettext(
            "Weight %(weight)s × %(gap)s points missing to 100",
            weight=dimension.weight,
            gap=words.number(FULL_SCORE - dimension.score, SHOWN_DIGITS),
        )
        return FirstStep(
            dimension=name_dimension(words, dimension.dimension),
            anchor=f"dimension-{dimension.dimension}",
            sentence=self._write_sentence(item.next_sentence),
            reason=reason,
        )

    def _write_peers(self, peers: ReleasedSummary | None) -> tuple[str, ...]:
        if peers is None:
            return ()
        if peers.n.count is None or peers.median.value is None:
            return (
                self.words.gettext(
                    "Companies of this round: not shown, because fewer than %(least)s of them have a score here.",
                    least=self.peers.least,
                ),
            )
        return (
            self.words.gettext(
                "Companies of this round: median %(median)s, middle half %(low)s to %(high)s (n=%(n)s)",
                median=self._write_score(peers.median.value),
                low=self._write_score(peers.lower_quartile.value),
                high=self._write_score(peers.upper_quartile.value),
                n=f"{peers.n.count:,}",
            ),
        )

    def _write_change(self, pair: tuple[Fraction, Fraction] | None) -> tuple[str, ...]:
        if pair is None:
            return ()
        now, then = pair
        words, difference = self.words, self._write_score(abs(now - then))
        before = self._write_score(then)
        if now > then:
            return (
                words.gettext("Earlier round: %(then)s; now %(difference)s more", then=before, difference=difference),
            )
        if now < then:
            return (
                words.gettext("Earlier round: %(then)s; now %(difference)s less", then=before, difference=difference),
            )
        return (words.gettext("Earlier round: %(then)s; the same now", then=before),)

    def _write_score(self, score: Fraction | None) -> str:
        return self.words.number(score, SHOWN_DIGITS)

    def _list_columns(self) -> tuple[TableColumn, ...]:
        words = self.words
        names = [words.gettext("Weight"), words.gettext("Your company")]
        if self.earlier is not None:
            names.append(words.gettext("Earlier round"))
        if self.peers.band is not None:
            names += [
                words.gettext("Round: lower quartile"),
                words.gettext("Round: median"),
                words.gettext("Round: upper quartile"),
                words.gettext("Round: companies (n)"),
            ]
        return (TableColumn(words.gettext("Dimension"), False), *(TableColumn(name, True) for name in names))

    def _tabulate(self) -> tuple[tuple[str, ...], ...]:
        words, result, band = self.words, self.readiness.result, self.peers.band
        then = {} if self.earlier is None else self.earlier.comparison.dimensions
        rows = [
            self._write_row(
                name_dimension(words, each.dimension),
                str(each.weight),
                each.score,
                then[each.dimension][1] if each.dimension in then else None,
                band.dimensions.get(each.dimension) if band is not None else None,
            )
            for each in self.readiness.dimensions
        ]
        pair = self.earlier.comparison.overall if self.earlier is not None else None
        overall = None if result.overall is None else Fraction(result.overall)
        equal = None if result.overall_equal_weights is None else Fraction(result.overall_equal_weights)
        rows.append(
            self._write_row(
                words.gettext("Overall, weighted"),
                "100",
                overall,
                pair[1] if pair is not None else None,
                band.overall if band is not None else None,
            )
        )
        rows.append(
            self._write_row(
                words.gettext("Overall, equal weights"),
                BLANK,
                equal,
                None,
                band.overall_equal_weights if band is not None else None,
            )
        )
        return tuple(rows)

    def _write_row(
        self,
        heading: str,
        weight: str,
        score: Fraction | None,
        then: Fraction | None,
        peers: ReleasedSummary | None,
    ) -> tuple[str, ...]:
        cells = [heading, weight, self._write_score(score)]
        if self.earlier is not None:
            cells.append(self._write_score(then))
        if self.peers.band is not None:
            figures = () if peers is None else (peers.lower_quartile, peers.median, peers.upper_quartile)
            values = [self._write_score(figure.value) for figure in figures] or [BLANK] * 3
            count = peers.n.count if peers is not None else None
            cells += [*values, BLANK if count is None else f"{count:,}"]
        return tuple(cells)

    def _write_legend(self) -> tuple[LegendEntry, ...]:
        words = self.words
        entries = [LegendEntry("own", words.gettext("Your company"))]
        if self.earlier is not None:
            entries.append(LegendEntry("earlier", words.gettext("Your company, earlier round")))
        if self.peers.band is not None:
            entries.append(LegendEntry("band", words.gettext("Companies of this round: the middle half")))
            entries.append(LegendEntry("median", words.gettext("Companies of this round: median")))
        return tuple(entries)
