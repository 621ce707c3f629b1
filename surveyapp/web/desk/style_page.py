"""The design system as a page: tokens with their contrast, and every component in each of its states.

Questions come from the built-in questionnaire and go through the same code and templates as on a form, so that what is
seen here is what a company sees.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from flask import render_template
from flask_babel import gettext as _

from surveyapp.forms.page_form import build_page_form
from surveyapp.questionnaire.model import Language
from surveyapp.questionnaire.paths import evaluate
from surveyapp.questionnaire.yaml_source import load_builtin_questionnaire
from surveyapp.web.access import ANALYST, allow
from surveyapp.web.colours import READ, SEEN, measure_contrast, read_colours
from surveyapp.web.desk.surroundings import build_desk_frame
from surveyapp.web.frame import Frame, Notice, SummaryFault
from surveyapp.web.locale import find_language, show_number
from surveyapp.web.respondent.blocks import BlockContext, QuestionBlock, build_question
from surveyapp.web.respondent.pages import AnswerRow, Fact, Step, Use

State = Literal["default", "hover", "focus", "active", "disabled", "error", "busy", "selected"]

FEW = 4  # choices that show what a group looks like
# What stands on what: names of a foreground and its ground, as text or as a line.
TEXT_PAIRS = (
    ("ink", "paper"),
    ("ink", "surface"),
    ("ink-soft", "paper"),
    ("ink-faint", "surface-sunk"),
    ("link", "paper"),
    ("accent", "surface"),
    ("accent", "accent-soft"),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("alert", "surface"),
    ("alert", "alert-soft"),
    ("warning", "warning-soft"),
    ("success", "success-soft"),
)
LINE_PAIRS = (
    ("line-strong", "paper"),
    ("line-strong", "surface"),
    ("line-strong", "surface-sunk"),
    ("focus", "paper"),
    ("focus", "surface"),
    ("focus", "accent-soft"),
    ("accent", "paper"),
    ("alert", "paper"),
)
SIZES = ("h1", "h2", "h3", "lead", "body", "note", "small")
SPACES = tuple(range(1, 9))
SHADOWS = (1, 2, 3)
RADII = ("radius-small", "radius", "radius-large")
ICONS = (
    *("mark", "check", "cross", "error", "info", "lock", "key", "print", "copy", "download", "list", "people"),
    *("arrow", "back", "calendar", "clock", "busy"),
)


@dataclass(frozen=True, slots=True)
class Swatch:
    """One colour by the name of its token, with both schemes' values."""

    name: str
    light: str
    dark: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A foreground on its ground: the ratio in each scheme, and the least that is wanted."""

    name: str
    ground: str
    light: str
    dark: str
    least: str
    is_enough: bool


@dataclass(frozen=True, slots=True)
class StateName:
    """One state of a control: what the style sheet calls it, and in words."""

    state: State
    text: str


@dataclass(frozen=True, slots=True)
class Sample:
    """A question in one state."""

    title: str
    block: QuestionBlock
    state: State = "default"


@dataclass(frozen=True, slots=True)
class StylePage:
    """templates/desk/style.html"""

    frame: Frame
    swatches: tuple[Swatch, ...]
    text_pairs: tuple[Pair, ...]
    line_pairs: tuple[Pair, ...]
    letters: str  # of every script, to see a colour on
    sizes: tuple[str, ...]
    spaces: tuple[int, ...]
    shadows: tuple[int, ...]
    radii: tuple[str, ...]
    icons: tuple[str, ...]
    states: tuple[StateName, ...]
    samples: tuple[Sample, ...]
    notices: tuple[Notice, ...]
    faults: tuple[SummaryFault, ...]
    steps: tuple[Step, ...]
    rows: tuple[AnswerRow, ...]
    uses: tuple[Use, ...]
    facts: tuple[Fact, ...]


@allow(ANALYST)
def show_style() -> str:
    language = find_language()
    samples = tuple(list_samples(language))
    fault = samples[-1].block
    section_labels = [section.label.in_language(language) for section in load_builtin_questionnaire().sections]
    page = StylePage(
        frame=build_desk_frame(),
        swatches=list_swatches(),
        text_pairs=measure_pairs(TEXT_PAIRS, READ),
        line_pairs=measure_pairs(LINE_PAIRS, SEEN),
        letters="Aa 가나 あ亜 123",
        sizes=SIZES,
        spaces=SPACES,
        shadows=SHADOWS,
        radii=RADII,
        icons=ICONS,
        states=list_states(),
        samples=samples,
        notices=(
            Notice(_("The password is set. You can sign in now."), "info"),
            Notice(_("The password is set. You can sign in now."), "success"),
            Notice(_("Some answers could not be saved"), "warning"),
            Notice(_("The form could not be recognised"), "error"),
        ),
        faults=(SummaryFault(fault.error, f"#{fault.first_id}", fault.label),),
        steps=tuple(
            Step(label, "done" if place < 1 else "current" if place == 1 else "todo")
            for place, label in enumerate(section_labels[:FEW])
        ),
        rows=tuple(list_rows(samples)),
        uses=(Use(_("Counted in statistics"), True), Use(_("Company's name to the ministry"), False)),
        facts=(Fact(_("Receipt number"), "7KQ2-M4TX"), Fact(_("Survey round"), section_labels[0])),
    )
    return render_template("desk/style.html", page=page)


def list_swatches() -> tuple[Swatch, ...]:
    colours = read_colours()
    return tuple(Swatch(name, value, colours["dark"][name]) for name, value in colours["light"].items())


def measure_pairs(pairs: tuple[tuple[str, str], ...], least: float) -> tuple[Pair, ...]:
    colours = read_colours()
    measured = []
    for name, ground in pairs:
        light, dark = (measure_contrast(scheme[name], scheme[ground]) for scheme in colours.values())
        measured.append(
            Pair(name, ground, f"{light:.2f}", f"{dark:.2f}", show_number(least), min(light, dark) >= least)
        )
    return tuple(measured)


def list_states() -> tuple[StateName, ...]:
    return (
        StateName("default", _("at rest")),
        StateName("hover", _("pointed at")),
        StateName("focus", _("focused")),
        StateName("active", _("pressed")),
        StateName("disabled", _("disabled")),
        StateName("busy", _("busy")),
    )


def list_samples(language: Language) -> Iterator[Sample]:
    """One question of every widget as it comes, then chosen or filled, then with a fault."""
    fault = _("Please choose one of the answers.")
    for block in _find_blocks(language):
        plain = _rename(_shorten(block), "plain")
        yield Sample(_("at rest"), plain)
        yield Sample(_("answered"), _answer(_rename(plain, "answered")))
        faulty = replace(_rename(plain, "fault"), error=fault)
        yield Sample(_("with a fault"), replace(faulty, described_by=f"{faulty.id}-error"))


def list_rows(samples: tuple[Sample, ...]) -> Iterator[AnswerRow]:
    blocks = [sample.block for sample in samples]
    chosen = next(block for block in blocks if block.widget == "checkboxes")
    labels = tuple(option.label for option in chosen.options)
    yield AnswerRow("row-one", blocks[0].label, (blocks[0].options[0].label,), False, False, "#row-one", "")
    yield AnswerRow("row-several", chosen.label, labels, False, False, "#row-several", "")
    yield AnswerRow("row-blank", blocks[-1].label, (), False, True, "#row-blank", "")
    yield AnswerRow("row-fault", blocks[-1].label, (), False, True, "#row-fault", samples[-1].block.error)


def _find_blocks(language: Language) -> Iterator[QuestionBlock]:
    """The first question of each look in the built-in questionnaire."""
    questionnaire = load_builtin_questionnaire()
    standing = evaluate(questionnaire, {})
    seen: set[tuple[str, bool]] = set()
    for page in questionnaire.pages:
        form = build_page_form(standing, page, language)
        context = BlockContext(form, questionnaire.placeholders)
        for bound in form.answer_fields.values():
            if bound.question.choice_filter is not None:
                continue
            block = build_question(context, bound, frozenset(), refreshes=False)
            look = (block.widget, block.is_levelled)
            if look not in seen:
                seen.add(look)
                yield block


def _shorten(block: QuestionBlock) -> QuestionBlock:
    return replace(block, options=block.options[:FEW], positions=block.positions[:FEW], topic="", terms=(), number="")


def _rename(block: QuestionBlock, suffix: str) -> QuestionBlock:
    """The same block with names and ids of its own, told by nothing but its label."""
    id = f"{block.id}-{suffix}"
    described = [f"{id}-{part}" for part, words in (("hint", block.hint), ("limit", block.limit)) if words]
    return replace(
        block,
        name=f"{block.name}-{suffix}",
        shown=f"{block.name}-{suffix}",
        id=id,
        first_id=f"{id}-1" if block.options else id,
        described_by=" ".join(described),
        warning="",
        is_follow_up=False,
        refreshes=False,
        has_focus=False,
        autocomplete="off",
        options=tuple(
            one._replace(id=f"{id}-{place}", name=f"{one.name}-{suffix}" if one.name else "")
            for place, one in enumerate(block.options, start=1)
        ),
        apart=tuple(one._replace(id=f"{id}-apart-{place}") for place, one in enumerate(block.apart, start=1)),
    )


def _answer(block: QuestionBlock) -> QuestionBlock:
    """The block with its second choice, or with something typed."""
    chosen = tuple(
        one._replace(is_chosen=place == 1, position="1" if place == 1 else "")
        for place, one in enumerate(block.options)
    )
    typed = "2024" if block.widget == "number" else block.label
    return replace(block, options=chosen, value="" if block.options else typed)
