"""What the invented companies of the sample rounds answer: plausible, the same at every run, and evidence of nothing.

Who takes part, at which stage, with which consent and with trouble in which areas is written down (`sample_files`). The
rest is drawn here, so that the answers hang together: readiness grows with the stage, the size and the export
experience of a company; the issues of an area are those that its products and its stage can meet; the severity of an
area decides its delay and cost, and what is left of a problem depends on how far the company has come. Every draw comes
from a generator seeded by the company and the round, so one line more in a file changes no other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random

from surveyapp.fieldwork.sample_files import Leaf, SampleReturn, load_areas, load_leaves
from surveyapp.questionnaire.model import Questionnaire, Stored, Text

SEED = "fictional sample of Japan export readiness, 1"


def draw_order(rng: Random, weights: Mapping[str, float]) -> list[str]:
    """The names in a random order in which heavy ones tend to come first (Efraimidis and Spirakis 2006)."""
    keys = {name: rng.random() ** (1 / weight) for name, weight in weights.items() if weight > 0}
    return sorted(keys, key=lambda name: -keys[name])


def draw_one(rng: Random, weights: Mapping[str, float]) -> str:
    return rng.choices(list(weights), weights=list(weights.values()))[0]


def clamp(value: float, low: int, high: int) -> int:
    """The nearest whole number between the limits, halves upwards."""
    return max(low, min(high, math.floor(value + 0.5)))


# Readiness. A level of 0 to 4 that a company of this stage, size and experience has on the whole, and how much an item
# lies above or below it.
STAGE_LEVEL = {"interest": 0.85, "prepare": 1.8, "filed": 2.5, "approved": 2.8, "onmarket": 2.95, "withdrawn": 2.0}
STAGE_CEILING = {"interest": 2, "prepare": 3, "filed": 4, "approved": 4, "onmarket": 4, "withdrawn": 3}
SIZE_LEVEL = {"e1_49": -0.4, "e50_299": -0.15, "e300_999": 0.1, "e1000p": 0.4}
EXPORT_LEVEL = {"none": -0.25, "lt3": -0.1, "y3_10": 0.0, "gt10": 0.1}
ITEMS = {
    "rd_reg_path": ("reg", 0.3),
    "rd_reg_dialog": ("reg", -0.1),
    "rd_qual_system": ("gmp", 0.2),
    "rd_qual_change": ("gmp", -0.2),
    "rd_clin": ("clin", -0.1),
    "rd_dos_content": ("dos", 0.1),
    "rd_dos_lang": ("dos", -0.4),
    "rd_part": ("lic", 0.2),
    "rd_price": ("pri", -0.4),
    "rd_comm": ("com", -0.2),
    "rd_org": ("org", -0.1),
    "rd_digi": ("dev", -0.8),
}
# What does not apply to a line of business, and how likely somebody there says so.
NOT_APPLICABLE = {
    "api": {"rd_clin": 1.0, "rd_price": 0.6, "rd_digi": 0.6},
    "cdmo": {"rd_clin": 1.0, "rd_price": 1.0},
    "cosmetic": {"rd_clin": 1.0, "rd_price": 1.0},
    "other": {"rd_qual_system": 1.0, "rd_qual_change": 1.0, "rd_clin": 1.0, "rd_part": 1.0, "rd_price": 1.0},
    "pharma": {"rd_digi": 0.35},
    "bio": {"rd_comm": 0.3, "rd_digi": 0.2},
    "device": {"rd_digi": 0.2},
}

PMDA_CONTACT: Mapping[str, Mapping[str, float]] = {
    "interest": {"none": 7, "free": 2, "via_partner": 2},
    "prepare": {"none": 2, "via_partner": 4, "free": 3, "formal": 3},
    "filed": {"via_partner": 2, "formal": 3, "review": 4},
    "approved": {"via_partner": 1, "formal": 1, "review": 5},
    "onmarket": {"via_partner": 3, "formal": 1, "review": 7},
    "withdrawn": {"via_partner": 3, "formal": 1, "review": 3},
}

# Issues.
SIZE_COST = {"e1_49": -0.7, "e50_299": -0.3, "e300_999": 0.2, "e1000p": 0.6}
DELAY_MONTHS = {1: (0, 0), 2: (0, 3), 3: (2, 8), 4: (5, 14), 5: (9, 26)}
STAGE_SOLVED = {"interest": 0.15, "prepare": 0.3, "filed": 0.45, "approved": 0.55, "onmarket": 0.58, "withdrawn": 0.25}
# Topics that only make sense to a company with such products.
TOPIC_PRODUCTS = {
    "mf": {"api", "generic"},
    "esub": {"new_chem", "biologic", "biosimilar"},
    "biosim": {"biosimilar", "generic"},
    "device": {"device", "ivd"},
    "digital": {"samd"},
    "rwd": {"samd", "ivd"},
    "digital_pilot": {"samd"},
}

OTHER_WORDS = {
    "company_type_other": Text(
        ko="일본 인허가 컨설팅", en="Regulatory consulting for Japan", ja="日本薬事コンサルティング"
    ),
    "respondent_role_other": Text(ko="컨설턴트", en="Consultant", ja="コンサルタント"),
}
CONTACT_NAME = Text(ko="가상 담당자", en="Fictional Contact", ja="架空 担当者")


@dataclass(frozen=True)
class Author:
    """The invented person who fills in one return: the return itself and the two sources of chance behind it."""

    sample: SampleReturn
    year: int  # of the later round

    @cached_property
    def rng(self) -> Random:
        return Random(seed_return(self.sample))

    @cached_property
    def lasting(self) -> Random:
        """Draws that stay the same for the company from round to round."""
        return Random(f"{SEED}/{self.sample.company.key}")

    @cached_property
    def products(self) -> frozenset[str]:
        return frozenset(self.sample.company.japan_products)

    @cached_property
    def traits(self) -> frozenset[str]:
        """What makes one issue likelier than another: type, size, stage and products."""
        company = self.sample.company
        return self.products | {company.company_type, company.company_size, self.sample.stage}

    def happens(self, chance: float) -> bool:
        return self.rng.random() < chance

    def leaves_blank(self, chance: float) -> bool:
        """Whether an optional question is skipped."""
        return self.rng.random() < (max(chance, 0.7) if self.sample.is_hasty else chance)


def seed_return(sample: SampleReturn) -> str:
    """What the generators of one return are seeded with."""
    return f"{SEED}/{sample.period}/{sample.company.key}/{sample.turn}"


def build_answers(questionnaire: Questionnaire, sample: SampleReturn, *, year: int) -> dict[str, Stored]:
    """All that one return says, valid under `questionnaire.paths`; `year` is that of the later sample round.

    A draft gets the answers of the pages that it never reached too; the caller saves as many pages as it reached.
    """
    author = Author(sample, year)
    answers: dict[str, Stored] = {**answer_consent(author), **answer_profile(author)}
    answers["jp_stage"] = sample.stage
    if sample.stage != "noplan":
        answers |= answer_japan(author)
        answers |= rate_readiness(author)
        answers |= answer_challenges(author)
    answers |= {question: text.text for question, text in sample.texts.items()}
    answers |= answer_support(author)
    return {name: put_in_order(questionnaire, name, stored) for name, stored in answers.items()}


def put_in_order(questionnaire: Questionnaire, name: str, stored: Stored) -> Stored:
    """Ticked choices stand in the order of the choice list, as a form posts them; ranked ones stay as they are."""
    question = questionnaire.by_name[name]
    if question.kind != "select_multiple" or not isinstance(stored, list):
        return stored
    return [choice.name for choice in question.choices if choice.name in stored]


def answer_consent(author: Author) -> dict[str, Stored]:
    answers: dict[str, Stored] = {"consent_participate": "agree", "attribution_level": author.sample.attribution}
    if author.sample.quote is not None:
        answers["consent_quote"] = author.sample.quote
    return answers


def answer_profile(author: Author) -> dict[str, Stored]:
    sample, company = author.sample, author.sample.company
    answers: dict[str, Stored] = {
        "company_type": company.company_type,
        "company_size": company.company_size,
        "product_categories": list(company.products),
        "respondent_role": sample.role,
        "export_experience": company.export_experience,
    }
    if sample.attribution == "named":
        answers["company_name"] = company.name.in_language(sample.language)
    if company.company_type == "other":
        answers["company_type_other"] = OTHER_WORDS["company_type_other"].in_language(sample.language)
    if sample.role == "other":
        answers["respondent_role_other"] = OTHER_WORDS["respondent_role_other"].in_language(sample.language)
    return answers


def answer_japan(author: Author) -> dict[str, Stored]:
    sample, company = author.sample, author.sample.company
    undecided = not company.japan_routes or (sample.stage == "interest" and author.happens(0.65))
    answers: dict[str, Stored] = {
        "jp_products": list(company.japan_products),
        "jp_routes": ["undecided"] if undecided else list(company.japan_routes),
        "pmda_contact": draw_one(author.rng, PMDA_CONTACT[sample.stage]),
    }
    blank = author.leaves_blank(0.2 if sample.stage == "prepare" else 0.05)
    if sample.stage != "interest" and company.entry is not None and not blank:
        answers["jp_year"] = author.year + company.entry
    return answers


def rate_readiness(author: Author) -> dict[str, Stored]:
    """The level of each readiness item: what one expects of the company, lower where its worst troubles lie."""
    sample, company = author.sample, author.sample.company
    level = STAGE_LEVEL[sample.stage] + SIZE_LEVEL[company.company_size] + EXPORT_LEVEL[company.export_experience]
    level += author.lasting.gauss(0, 0.3) + (0.1 if sample.period == "later" else 0)
    answers: dict[str, Stored] = {}
    for item, (area, offset) in ITEMS.items():
        lasting, passing = author.lasting.gauss(0, 0.4), author.rng.gauss(0, 0.2)
        says_na = author.lasting.random() < NOT_APPLICABLE.get(company.company_type, {}).get(item, 0)
        trouble = 0.5 if area in sample.areas[:2] else 0.25 if area in sample.areas else 0
        at_home = 1.0 if item == "rd_digi" and company.company_type == "digital" else 0
        value = clamp(level + offset + lasting + passing + at_home - trouble, 0, STAGE_CEILING[sample.stage])
        answers[item] = "na" if says_na else str(value)
    return answers


def answer_challenges(author: Author) -> dict[str, Stored]:
    areas = author.sample.areas
    if not areas:
        return {}
    answers: dict[str, Stored] = {"ch_areas": list(areas)}
    if areas == ("none",):
        return answers
    detailed = areas[:4]
    if len(areas) > 4:
        answers["ch_worst"] = list(detailed)
    severities: dict[str, int] = {}
    leaves: dict[str, list[str]] = {}
    for position, area in enumerate(detailed):
        leaves[area] = tick_leaves(author, area)
        severities[area] = rate_severity(author, area, position)
        answers[f"ch_{area}_leaf"] = list(leaves[area])
        answers |= describe_area(author, area, severities[area])
    return answers | name_most_urgent(author, leaves, severities)


def tick_leaves(author: Author, area: str) -> list[str]:
    """One to four issues of an area, first those that the return's own texts tell of, then the likely ones."""
    sample = author.sample
    told = [code for text in sample.texts.values() for code in text.issues if code.startswith(f"{area}-")]
    if "ch_other_text" in sample.texts and area == "org":
        told.append("org-other")
    likely = {
        leaf.name: leaf.weight[sample.period] * (2.0 if leaf.more & author.traits else 1.0) * find_habit(sample, leaf)
        for leaf in load_leaves()
        if leaf.area == area and is_possible(leaf, author) and leaf.name not in told
    }
    wanted = int(draw_one(author.rng, {"1": 30, "2": 40, "3": 22, "4": 8}))
    return (list(dict.fromkeys(told)) + draw_order(author.rng, likely))[: max(wanted, len(set(told)))]


def find_habit(sample: SampleReturn, leaf: Leaf) -> float:
    """How much readier than others this company is to tick the issue, in every round: troubles tend to stay."""
    return Random(f"{SEED}/{sample.company.key}/{leaf.name}").choice((0.25, 1.0, 4.0))


def is_possible(leaf: Leaf, author: Author) -> bool:
    """Whether a company with these products at this stage can meet the issue at all."""
    return (not leaf.products or bool(leaf.products & author.products)) and (
        not leaf.stages or author.sample.stage in leaf.stages
    )


def rate_severity(author: Author, area: str, position: int) -> int:
    burden = Random(f"{SEED}/{author.sample.company.key}/burden").gauss(0, 0.4)
    worse = (0.6, 0.2, -0.2, -0.5)[position] + (0.5 if author.sample.stage == "withdrawn" and position == 0 else 0)
    eased = 0.1 if author.sample.period == "later" and area == "dos" else 0
    return clamp(load_areas()[area].severity + burden + worse - eased + author.rng.gauss(0, 0.6), 1, 5)


def describe_area(author: Author, area: str, severity: int) -> dict[str, Stored]:
    """Severity, delay, cost, status and wanted help of one area."""
    sample, rng = author.sample, author.rng
    answers: dict[str, Stored] = {
        f"ch_{area}_sev": str(severity),
        f"ch_{area}_status": judge_status(author, area, severity),
    }
    low, high = DELAY_MONTHS[severity]
    months = clamp(rng.triangular(low, high) * load_areas()[area].delay, 0, 120)
    if not author.leaves_blank(0.3 if sample.stage == "interest" else 0.12):
        answers[f"ch_{area}_delay"] = months
    size = SIZE_COST[sample.company.company_size]
    step = clamp(severity - 1.2 + load_areas()[area].cost + size + rng.gauss(0, 0.6), 0, 5)
    cost = "dk" if author.happens(0.25 if sample.role in ("qa", "clinical") else 0.1) else f"c{step}"
    if not author.leaves_blank(0.08):
        answers[f"ch_{area}_cost"] = cost
    if not author.leaves_blank(0.12):
        answers[f"ch_{area}_help"] = draw_order(rng, load_areas()[area].help)[: rng.choice((1, 2, 2))]
    return answers


def judge_status(author: Author, area: str, severity: int) -> str:
    """What is left of the problem: less the further the company has come, more the graver it was."""
    sample = author.sample
    solved = STAGE_SOLVED[sample.stage] + load_areas()[area].solved[sample.period]
    solved += 0.06 * (3 - severity) + author.rng.gauss(0, 0.17)
    if solved >= 0.62:
        return "resolved"
    if solved >= 0.36:
        return "partly"
    gives_up = (0.75 if sample.stage == "withdrawn" else 0.12) if severity >= 4 else 0.0
    return "abandoned" if author.happens(gives_up) else "unresolved"


def name_most_urgent(
    author: Author, leaves: Mapping[str, Sequence[str]], severities: Mapping[str, int]
) -> dict[str, Stored]:
    """First, second and third problem: those of the gravest areas, what the company wrote about before the rest."""
    ticked = [leaf for area in sorted(leaves, key=lambda area: -severities[area]) for leaf in leaves[area]]
    if len(ticked) < 2:
        return {}
    case = author.sample.texts.get("ft_case")
    told = [leaf for leaf in (case.issues if case else ()) if leaf in ticked]
    order = list(dict.fromkeys(told + ticked))
    answers: dict[str, Stored] = {"top1": order[0]}
    if not author.leaves_blank(0.15):
        answers["top2"] = order[1]
        if len(order) > 2 and not author.leaves_blank(0.2):
            answers["top3"] = order[2]
    return answers


def answer_support(author: Author) -> dict[str, Stored]:
    sample, rng = author.sample, author.rng
    answers: dict[str, Stored] = {}
    if not author.leaves_blank(0.15):
        answers["rank_topics"] = draw_order(rng, weigh_topics(author))[: rng.choice((3, 3, 6))]
    troubled = [load_areas()[area] for area in sample.areas if area != "none"] or [load_areas()["org"]]
    for question, topics in (
        ("edu_topics", [topic for area in troubled for topic in area.education]),
        ("support_needs", [topic for area in troubled for topic in area.support]),
    ):
        fitting = dict.fromkeys(find_fitting(author, topics), 1.0)
        if fitting and not author.leaves_blank(0.12):
            answers[question] = draw_order(rng, fitting)[:3]
    follow = {"named": 0.85, "anonymous": 0.5, "aggregate": 0.2}[sample.attribution]
    answers["followup"] = "yes" if author.happens(follow) else "no"
    return answers | (give_contact(author) if answers["followup"] == "yes" else {})


def find_fitting(author: Author, topics: Iterable[str]) -> Iterable[str]:
    """The topics that suit the company's products."""
    return (each for each in topics if each not in TOPIC_PRODUCTS or TOPIC_PRODUCTS[each] & author.products)


def weigh_topics(author: Author) -> dict[str, float]:
    areas, products = author.sample.areas, author.products
    return {
        "capacity": 3.0 if "org" in areas else 1.5,
        "innovative": 3.0 if products & {"new_chem", "biologic", "regen"} else 0.7,
        "gmp": 5.0 if "gmp" in areas else 1.0,
        "digital": 5.0 if "samd" in products else 1.0,
        "clinical": 3.0 if "clin" in areas else 1.0,
        "rwd": 2.5 if products & {"samd", "biologic"} else 0.7,
    }


def give_contact(author: Author) -> dict[str, Stored]:
    """Contact details that reach nobody: a reserved mail domain and a telephone exchange that does not exist."""
    sample = author.sample
    if not author.happens(0.9):
        return {"consent_contact": "disagree"}
    number = int(sample.company.key.removeprefix("c")) * 10 + sample.turn
    answers: dict[str, Stored] = {
        "consent_contact": "agree",
        "contact_name": f"{CONTACT_NAME.in_language(sample.language)} {number:03}",
        "contact_email": f"contact{number:03}@example.com",
    }
    if author.happens(0.6):
        answers["contact_phone"] = f"{'02' if sample.language == 'ko' else '+82-2'}-000-{number:04}"
    third_party = draw_one(author.rng, {"agree": 5, "disagree": 2, "": 3})
    if third_party:
        answers["consent_third_party"] = third_party
    return answers
