"""Invented returns of the real questionnaire, ten thousand a second: valid, seeded, and diverse as real ones are.

Every return is drawn anew; only the answer to one question, or to one block, comes from a stock. So no cache of the
product finds whole returns that it has seen before. The smoke test holds them against `questionnaire.paths`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from surveyapp.questionnaire.model import LANGUAGES, Language, Question, Questionnaire, ScoringScheme, Stored

SEED = "benchmarks"
CHUNK = 1000  # returns drawn from one seed: the first thousand are the same whatever their total
STOCK = 4096  # prepared answers a question
_STOCK_BITS = 12

_SENTENCES: Mapping[Language, tuple[str, ...]] = {
    "ko": (
        "자료 번역에 예상보다 많은 시간이 들었습니다.",
        "현지 담당자와 연락이 잘 되지 않아, 일정이 여러 번 바뀌었습니다.",
        '심사 기관은 "추가 자료"를 세 차례 요구했습니다.',
        "품질 기준을 다시 확인하고\n변경 절차를 새로 만들었습니다.",
        "비용은 당초 예산의 약 1.5배였습니다.",
        "협력사를 찾는 데 8개월이 걸렸습니다.",
        "담당 인력이 두 명뿐이라 준비가 늦어졌습니다.",
    ),
    "en": (
        "Translating the documents took longer than we had planned.",
        "Our contact changed twice, and so did the schedule.",
        'The reviewers asked three times for "additional data".',
        "We checked the quality standard again\nand wrote a new change procedure.",
        "The cost was about 1.5 times the budget.",
        "It took eight months to find a partner.",
        "With two people in charge we fell behind.",
    ),
    "ja": (
        "資料の翻訳に予想以上の時間がかかりました。",
        "現地の担当者が二度変わり、日程も変更になりました。",
        "審査では「追加資料」を三回求められました。",
        "品質基準を確認し直し、\n変更手順を新たに作成しました。",
        "費用は当初予算の約1.5倍でした。",
        "提携先を見つけるまでに8か月かかりました。",
        "担当者が二名だけで、準備が遅れました。",
    ),
}


@dataclass(frozen=True, slots=True)
class InventedReturn:
    """One complete return by compartment, calculates among the answers, as `paths.keep_asked` would keep it."""

    language: Language
    answers: dict[str, Stored]
    texts: dict[str, Stored]
    identity: dict[str, Stored]
    contact: dict[str, Stored]

    @property
    def given(self) -> dict[str, Stored]:
        """All of it in one, as somebody fills in a draft (and the calculates)."""
        return {**self.answers, **self.texts, **self.identity, **self.contact}


def draw_returns(questionnaire: Questionnaire, *, first: int = 1, seed: str = SEED) -> Iterator[InventedReturn]:
    """An endless row of returns, the one with number `first` first. The same number and seed give the same return."""
    stocks = build_stocks(questionnaire)
    chunk, offset = divmod(first - 1, CHUNK)
    while True:
        author = _Author(stocks, Random(f"{seed}/{chunk}"))
        for position in range(CHUNK):
            drawn = author.draw()
            if position >= offset:
                yield drawn
        chunk, offset = chunk + 1, 0


@dataclass(frozen=True, slots=True)
class _Area:
    """An area of difficulties and the prepared answers of its block."""

    name: str
    blocks: Sequence[Mapping[str, Stored]]  # leaves, severity, delay, cost, status, help
    leaf_question: str


@dataclass(frozen=True, slots=True)
class Stocks:
    """What is dear to draw is drawn before: `STOCK` answers to each question or block."""

    scoring: ScoringScheme
    answers: Mapping[str, Sequence[Stored | None]]
    levels: Sequence[Sequence[str]]  # of readiness items, by the level of the company
    areas: Mapping[str, _Area]
    texts: Mapping[Language, Sequence[str]]


@lru_cache(maxsize=1)
def build_stocks(questionnaire: Questionnaire) -> Stocks:
    """The same for every run."""
    questions = questionnaire.by_name
    answers: dict[str, Sequence[Stored | None]] = {
        name: _stock_one(questions[name])
        for name in (
            "consent_quote",
            "attribution_level",
            "company_type",
            "company_size",
            "respondent_role",
            "export_experience",
            "jp_stage",
            "pmda_contact",
            "consent_third_party",
        )
    }
    answers |= {
        "product_categories": _stock_many(questions["product_categories"], (1, 1, 2, 2, 3)),
        "jp_routes": _stock_many(questions["jp_routes"], (1, 1, 2, 3), alone="undecided"),
        "ch_areas": _stock_many(questions["ch_areas"], (1, 2, 2, 3, 3, 4, 5, 6), alone="none"),
        "edu_topics": _stock_many(questions["edu_topics"], (0, 1, 2, 3, 3)),
        "support_needs": _stock_many(questions["support_needs"], (0, 1, 2, 3)),
        "rank_topics": _stock_ranks(questions["rank_topics"]),
    }
    areas = [choice.name for choice in questions["ch_areas"].choices if choice.name != "none"]
    return Stocks(
        scoring=questionnaire.scoring,
        answers=answers,
        levels=_stock_levels(),
        areas={area: _stock_area(questionnaire, area) for area in areas},
        texts={language: _stock_texts(language) for language in LANGUAGES},
    )


class _Author:
    """Draws returns from the stocks and one source of chance."""

    def __init__(self, stocks: Stocks, rng: Random) -> None:
        self.stocks = stocks
        self.rng = rng

    def draw(self) -> InventedReturn:
        rng = self.rng
        language: Language = (
            LANGUAGES[0] if rng.random() < 0.8 else LANGUAGES[1] if rng.random() < 0.5 else LANGUAGES[2]
        )
        answers: dict[str, Stored] = {"consent_participate": "agree"}
        texts: dict[str, Stored] = {}
        identity: dict[str, Stored] = {}
        self._take(answers, "consent_quote", "attribution_level")
        self._describe_company(answers, texts, identity)
        self._take(answers, "jp_stage")
        if answers["jp_stage"] != "noplan":
            self._describe_japan(answers)
            self._rate_readiness(answers)
            self._name_challenges(answers, texts, language)
        self._write_texts(answers, texts, language)
        self._take(answers, "rank_topics", "edu_topics", "support_needs")
        if "other" in _as_list(answers.get("support_needs")):
            texts["support_needs_other"] = "세미나 자료"
        return InventedReturn(language, answers, texts, identity, self._give_contact(answers))

    def _take(self, answers: dict[str, Stored], *names: str) -> None:
        """Answers out of the stocks; a question that is left blank gets no key."""
        for name in names:
            stored = self.stocks.answers[name][self.rng.getrandbits(_STOCK_BITS)]
            if stored is not None:
                answers[name] = stored

    def _describe_company(
        self, answers: dict[str, Stored], texts: dict[str, Stored], identity: dict[str, Stored]
    ) -> None:
        self._take(
            answers, "company_type", "company_size", "product_categories", "respondent_role", "export_experience"
        )
        if answers["attribution_level"] == "named":
            identity["company_name"] = f"가상제약 {self.rng.getrandbits(20)}"
        if answers["company_type"] == "other":
            identity["company_type_other"] = "컨설팅"
        if answers["respondent_role"] == "other":
            texts["respondent_role_other"] = "자문"

    def _describe_japan(self, answers: dict[str, Stored]) -> None:
        products = _as_list(answers["product_categories"])
        answers["jp_products"] = products[: self.rng.randint(1, len(products))]
        self._take(answers, "jp_routes")
        if answers["jp_stage"] != "interest" and self.rng.random() < 0.9:
            answers["jp_year"] = 2026 + int(self.rng.triangular(-25, 8, -2))
        self._take(answers, "pmda_contact")

    def _rate_readiness(self, answers: dict[str, Stored]) -> None:
        """The level of every item around one level of the company, and what the questionnaire calculates of them."""
        levels = self.stocks.levels[min(4, int(self.rng.triangular(0, 5, 2)))]
        bits = self.rng.getrandbits
        for items in self.stocks.scoring.items.values():
            for item in items:
                answers[item] = levels[bits(_STOCK_BITS)]
        weight = dimensions = weighted = 0
        for dimension, items in self.stocks.scoring.items.items():
            given = [int(str(answers[item])) for item in items if answers[item] != "na"]
            answers[f"n_{dimension}"] = str(len(given))
            if given:
                answers[f"score_{dimension}"] = _write_tenths(250 * sum(given), len(given))
                weight += self.stocks.scoring.weights[dimension]
                dimensions += 1
                weighted += self.stocks.scoring.weights[dimension] * sum(given) * (2 // len(given))
        answers["score_weight"] = str(weight)
        answers["score_dims"] = str(dimensions)
        if dimensions >= 6 and weight >= 60:
            answers["score_overall"] = _write_tenths(250 * weighted, 2 * weight)

    def _name_challenges(self, answers: dict[str, Stored], texts: dict[str, Stored], language: Language) -> None:
        rng = self.rng
        self._take(answers, "ch_areas")
        named = _as_list(answers["ch_areas"])
        detailed = named
        if len(named) > 4:
            worst = set(rng.sample(named, 4))
            answers["ch_worst"] = detailed = [name for name in named if name in worst]
        answers["ch_detail"] = " ".join(detailed)
        ticked: list[str] = []
        parts: list[str] = []
        for area in self.stocks.areas.values():
            if area.name not in detailed:
                parts.append("")
                continue
            block = area.blocks[rng.getrandbits(_STOCK_BITS)]
            answers.update(block)
            leaves = _as_list(block[area.leaf_question])
            ticked += leaves
            parts.append(" ".join(leaves))
        answers["ch_leaf_all"] = " ".join(parts)
        answers["ch_leaf_n"] = str(len(ticked))
        if any(leaf.endswith("-other") for leaf in ticked) and rng.random() < 0.7:
            texts["ch_other_text"] = self.stocks.texts[language][rng.getrandbits(_STOCK_BITS)]
        if len(ticked) > 1:
            for name, leaf in zip(("top1", "top2", "top3"), rng.sample(ticked, min(3, len(ticked))), strict=False):
                answers[name] = leaf

    def _write_texts(self, answers: Mapping[str, Stored], texts: dict[str, Stored], language: Language) -> None:
        rng = self.rng
        stock = self.stocks.texts[language]
        if answers["jp_stage"] != "noplan" and rng.random() < 0.4:
            texts["ft_case"] = stock[rng.getrandbits(_STOCK_BITS)]
        if rng.random() < 0.35:
            texts["ft_ask_ministry"] = stock[rng.getrandbits(_STOCK_BITS)]
        if rng.random() < 0.15:
            texts["ft_best_practice"] = stock[rng.getrandbits(_STOCK_BITS)]

    def _give_contact(self, answers: dict[str, Stored]) -> dict[str, Stored]:
        if self.rng.random() < 0.5:
            answers["followup"] = "no"
            return {}
        answers["followup"] = "yes"
        number = self.rng.getrandbits(20)
        contact: dict[str, Stored] = {
            "consent_contact": "agree",
            "contact_name": f"가상 담당자 {number}",
            "contact_email": f"contact{number}@example.com",
        }
        if self.rng.random() < 0.6:
            contact["contact_phone"] = f"02-000-{number % 10_000:04}"
        self._take(contact, "consent_third_party")
        return contact


def _stock_one(question: Question) -> list[Stored | None]:
    """Answers to a select_one, earlier choices more often; an optional question is left blank by one in seven."""
    names: list[Stored | None] = [choice.name for choice in question.choices]
    weights = [1 / (1 + 0.3 * place) for place in range(len(names))]
    if not question.required:
        names.append(None)
        weights.append(sum(weights) / 6)
    return _chance_of(question.name).choices(names, weights, k=STOCK)


def _stock_many(question: Question, sizes: Sequence[int], alone: str | None = None) -> list[Stored | None]:
    """Answers to a select_multiple in the order of the list; `alone` is a choice that bears no other beside it."""
    rng = _chance_of(question.name)
    stock: list[Stored | None] = []
    for _ in range(STOCK):
        if alone is not None and rng.random() < 0.08:
            stock.append([alone])
        else:
            stock.append(_draw_names(rng, question, rng.choice(sizes), without=alone) or None)
    return stock


def _stock_ranks(question: Question) -> list[Stored | None]:
    rng = _chance_of(question.name)
    names = [choice.name for choice in question.choices]
    return [rng.sample(names, size) or None for size in rng.choices((0, 3, 6), (1, 3, 2), k=STOCK)]


def _stock_levels() -> list[list[str]]:
    """Answers to a readiness item by the company's level: mostly that level, at times another or none."""
    rng = _chance_of("levels")
    stock = []
    for level in range(5):
        weights = [4.0 ** -abs(level - other) for other in range(5)] + [0.1]
        stock.append(rng.choices(["0", "1", "2", "3", "4", "na"], weights, k=STOCK))
    return stock


def _stock_area(questionnaire: Questionnaire, area: str) -> _Area:
    rng = _chance_of(area)
    leaf, severity, delay, cost, status, wanted = (
        questionnaire.by_name[f"ch_{area}_{part}"] for part in ("leaf", "sev", "delay", "cost", "status", "help")
    )
    leaves = [choice.name for choice in leaf.choices if choice.columns.get("area") == area]
    blocks: list[Mapping[str, Stored]] = []
    for _ in range(STOCK):
        some = set(rng.sample(leaves, rng.choice((1, 1, 2, 2, 3, 4))))
        block: dict[str, Stored] = {
            leaf.name: [name for name in leaves if name in some],
            severity.name: str(rng.choices((1, 2, 3, 4, 5), (1, 2, 4, 3, 1))[0]),
        }
        if rng.random() < 0.85:
            block[delay.name] = int(rng.triangular(0, 40, 3))
        if rng.random() < 0.9:
            block[cost.name] = rng.choice(cost.choices).name
        block[status.name] = rng.choice(status.choices).name
        if help_names := _draw_names(rng, wanted, rng.choice((0, 1, 2, 2))):
            block[wanted.name] = help_names
        blocks.append(block)
    return _Area(area, blocks, leaf.name)


def _stock_texts(language: Language) -> list[str]:
    rng, sentences = _chance_of(language), _SENTENCES[language]
    return [" ".join(rng.sample(sentences, rng.randint(1, 5))) + f" ({place})" for place in range(STOCK)]


def _chance_of(name: str) -> Random:
    return Random(f"{SEED}/{name}")


def _draw_names(rng: Random, question: Question, size: int, without: str | None = None) -> list[str]:
    names = [choice.name for choice in question.choices if choice.name != without]
    some = set(rng.sample(names, size))
    return [name for name in names if name in some]


def _as_list(stored: Stored | None) -> list[str]:
    return stored if isinstance(stored, list) else []


def _write_tenths(tenths: int, divisor: int) -> str:
    """tenths / divisor, half-up to one decimal, as XPath writes a number."""
    whole, tenth = divmod((2 * tenths + divisor) // (2 * divisor), 10)
    return f"{whole}.{tenth}" if tenth else str(whole)
