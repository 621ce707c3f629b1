"""The Korean and Japanese catalogues: complete, equal to the source in what programs read, and in one voice.

Korean is written in 합니다체, Japanese in です・ます; titles, labels and buttons may be nouns. Terms are those of
`surveyapp/locale/glossary.csv`, where `|` stands between renderings of one term that may all be used.
"""

from __future__ import annotations

import ast
import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from surveyapp.locale import FOLDER, TRANSLATED, find_compiled, load_translator
from surveyapp.locale.compile import compile_catalogues
from surveyapp.questionnaire.model import Questionnaire

ROOT = Path(__file__).parent.parent
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None}  # as `make translations` has them
CALLS = {"_": 1, "gettext": 1, "lazy_gettext": 1, "ngettext": 2}  # how many of the first arguments are messages
HANDED_ON = {"surveyapp/reports/words.py", "surveyapp/web/locale.py"}  # where a message comes in as a value

SPOKEN_ATTRIBUTES = {"alt", "aria-label", "aria-roledescription", "placeholder", "title"}
JINJA = re.compile(r"{% block body_class %}.*?{% endblock %}|{#.*?#}|{%.*?%}|{{.*?}}", re.DOTALL)
WORDS_OF_PEOPLE = re.compile(r"(?<![\w\"=-])[^\W\d_]{2,}(?![\w\"=-])")  # not those of an attribute in a macro

PLACEHOLDER = re.compile(r"%\((\w+)\)([sd])")
TAG = re.compile(r"</?[a-zA-Z][^>]*>|&\w+;")
QUOTED = re.compile(r'["“]([^"”]+)["”]')
HANGUL = "가-힣"
KANA_KANJI = "ぁ-ゖァ-ヺ一-鿿々ー"

KOREAN_END = re.compile(r"(니다|십시오)(\([^()]*\))?[”’]?\.$|니까\?$")
JAPANESE_END = re.compile(r"(です|ます|ません|ました|でした|ください|(です|ます|ません|でしょう)か)(（[^（）]*）)?」?$")
KOREAN_FAULTS = {
    "a particle in two forms": re.compile(r"[은이을과]\((는|가|를|와)\)|\(으\)로|[는가를와]\((은|이|을|과)\)"),
    "a full-width sign": re.compile(r"[、。（）「」：；！？，]"),
    "a straight quotation mark": re.compile(r"[\"']"),
    "a blank before a sign": re.compile(rf"[{HANGUL}] [.,!?)]"),
}
JAPANESE_FAULTS = {
    "a Latin quotation mark": re.compile(r"[\"'“”‘’]"),
    "half-width kana": re.compile(r"[\uff61-\uff9f]"),
    "a half-width sign beside Japanese": re.compile(rf"[{KANA_KANJI}][,.:;!?()]|[,:;!?()][{KANA_KANJI}]"),
    "a blank inside Japanese": re.compile(rf"[{KANA_KANJI}、。）」] +[{KANA_KANJI}（「]"),
}

NAMES = re.compile(r"Asia/Seoul|\w+\.csv")  # stand alike in every language

# Messages, by their beginnings, in which an English word is not the term of the glossary.
OTHER_SENSES: Mapping[str, tuple[str, ...]] = {
    "answer": (  # what a machine does
        "Motion lasts 120 or 240 thousandths of a second and answers a press",
        "Not saved yet: the server cannot be reached just now.",
        "Not submitted yet: the server cannot be reached just now.",
    ),
    "ask": (  # the verb
        "A link to set a password works once.",
        "If you have forgotten your password, ask an administrator",
        "It was made more than %(num)s days ago. Ask an administrator",
        "The earlier round did not ask what the filter looks at",
    ),
    "export": ("Japan export survey",),  # of goods
    "mean": ("A net balance of 0 may mean",),  # the verb
    "question": ("Questions about this survey:",),  # that somebody has
    "not asked": (  # for details: a part of the base, no missing answer
        "companies that answered, less those not asked for details",
        "companies with a Japan interest that answered, less those that ticked the area",
    ),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One message of a catalogue; `sources` are its singular and, where it counts, its plural."""

    sources: tuple[str, ...]
    translation: str

    @property
    def id(self) -> str:
        return self.sources[0]


@dataclass(frozen=True, slots=True)
class Term:
    english: str
    renderings: Mapping[str, tuple[str, ...]]

    @property
    def pattern(self) -> re.Pattern[str]:
        """The term as a word of its own, in singular or plural."""
        words = re.escape(self.english)
        ending = rf"{words[:-1]}(?:y|ies)" if self.english.endswith("y") else rf"{words}(?:s|es)?"
        return re.compile(rf"(?<![\w-]){ending}(?![\w-])", re.IGNORECASE)


@cache
def extract_messages() -> Mapping[tuple[str, ...], frozenset[str]]:
    """What the sources say, singular and plural, and the files that say it."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as stream:
        methods, options = parse_mapping_cfg(stream)  # type: ignore[no-untyped-call]
    found: dict[tuple[str, ...], set[str]] = {}
    for file, _, message, _, _ in extract_from_dir(ROOT, methods, options, keywords=KEYWORDS):
        sources = message if isinstance(message, tuple) else (message,)
        found.setdefault(sources, set()).add(file)
    return {sources: frozenset(files) for sources, files in found.items()}


@cache
def read_entries(language: str) -> tuple[Entry, ...]:
    with (FOLDER / language / "LC_MESSAGES" / "messages.po").open("rb") as stream:
        catalogue = read_po(stream, locale=language, abort_invalid=True)
    assert not catalogue.obsolete, "obsolete entries: make translations removes them"
    assert not catalogue.fuzzy, "the catalogue is marked fuzzy"
    entries = []
    for message in catalogue:
        if not message.id:
            continue
        assert not message.fuzzy, f"{language}: fuzzy: {message.id}"
        sources = (message.id,) if isinstance(message.id, str) else tuple(message.id)
        forms = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
        assert len(forms) == 1, f"{language} has one form for every number: {message.id}"
        entries.append(Entry(sources, forms[0]))
    return tuple(entries)


@cache
def read_glossary() -> tuple[Term, ...]:
    """The longest term first, so that `issue area` is looked for before `issue`."""
    with (FOLDER / "glossary.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    terms = [Term(row["en"], {language: tuple(row[language].split("|")) for language in TRANSLATED}) for row in rows]
    return tuple(sorted(terms, key=lambda term: -len(term.english)))


def fill(text: str) -> str:
    """`text` as it is shown, every placeholder a number."""
    return PLACEHOLDER.sub("1", text).replace("%%", "%")


def list_terms(entry: Entry) -> Iterator[Term]:
    for source in entry.sources:
        left = PLACEHOLDER.sub("", source)
        for term in read_glossary():
            left, times = term.pattern.subn("", left)
            if times and not entry.id.startswith(OTHER_SENSES.get(term.english, ())):
                yield term


def split_korean(text: str) -> list[str]:
    return [sentence for sentence in re.split(r"(?<=[.?!])\s+", fill(text)) if sentence.endswith((".", "?", "!"))]


def report(faults: list[str]) -> None:
    assert not faults, "\n" + "\n".join(faults)


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_catalogue_holds_what_the_sources_say(language: str) -> None:
    said = extract_messages()
    held = {entry.sources for entry in read_entries(language)}
    assert len(said) > 100
    faults = [f"missing: {sources[0]!r} ({', '.join(sorted(said[sources]))})" for sources in said.keys() - held]
    faults += [f"stale: {sources[0]!r}" for sources in held - said.keys()]
    if faults:
        faults.append("run `make translations` and fill in what is new")
    report(sorted(faults))


def test_no_message_escapes_the_extraction() -> None:
    """A message inside an f-string, or one that is put together, is translated by nobody."""
    said = {source for sources in extract_messages() for source in sources}
    faults = []
    for path in sorted((ROOT / "surveyapp").rglob("*.py")):
        place = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            for argument in node.args[: CALLS.get(called, 0)]:
                is_said = isinstance(argument, ast.Constant) and argument.value in said
                if not is_said and place not in HANDED_ON:
                    faults.append(f"{place}:{node.lineno}: {ast.unparse(argument)}")
    report(faults)


class SpokenWords(HTMLParser):
    """Gathers what a template says by itself: text, and attributes that are read out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in ("script", "style")
        self.found += [value for name, value in attrs if name in SPOKEN_ATTRIBUTES and value]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found.append(data)


def test_templates_say_nothing_untranslated() -> None:
    faults = []
    for path in sorted((ROOT / "templates").rglob("*.html")):
        words = SpokenWords()
        words.feed(JINJA.sub("", path.read_text(encoding="utf-8")))
        place = path.relative_to(ROOT).as_posix()
        faults += [f"{place}: {text.strip()!r}" for text in words.found if WORDS_OF_PEOPLE.search(text)]
    report(faults)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_message_is_translated(language: str) -> None:
    report([f"empty: {entry.id!r}" for entry in read_entries(language) if not entry.translation.strip()])


@pytest.mark.parametrize("language", TRANSLATED)
def test_placeholders_tags_and_blanks_are_those_of_the_source(language: str) -> None:
    faults = []
    for entry in read_entries(language):
        text = entry.translation
        for source in entry.sources:
            if Counter(PLACEHOLDER.findall(source)) != Counter(PLACEHOLDER.findall(text)):
                faults.append(f"placeholders: {source!r}: {text!r}")
            if TAG.findall(source) != TAG.findall(text):
                faults.append(f"tags: {source!r}: {text!r}")
            if source.count("%%") != text.count("%%"):
                faults.append(f"doubled percent signs: {source!r}: {text!r}")
        if text != text.strip() or "  " in text:
            faults.append(f"blanks: {text!r}")
        if any(source != source.strip() or "  " in source for source in entry.sources):
            faults.append(f"blanks: {entry.id!r}")
    report(faults)


@pytest.mark.parametrize("language", TRANSLATED)
def test_messages_can_be_formatted_where_they_are_used(language: str) -> None:
    """Templates format every message, Python only those that get values: there a lone percent sign would raise."""
    said = extract_messages()
    values = {name: 1 for sources in said for source in sources for name, _ in PLACEHOLDER.findall(source)}
    faults = []
    for entry in read_entries(language):
        is_formatted = PLACEHOLDER.search(entry.id) or any(file.endswith(".html") for file in said[entry.sources])
        for text in (*entry.sources, entry.translation) if is_formatted else ():
            try:
                text % values
            except (ValueError, TypeError, KeyError) as fault:
                faults.append(f"{text!r}: {fault}")
    report(faults)


@pytest.mark.parametrize("language", TRANSLATED)
def test_terms_are_those_of_the_glossary(language: str) -> None:
    faults = []
    for entry in read_entries(language):
        for term in list_terms(entry):
            renderings = term.renderings[language]
            if not any(rendering in entry.translation for rendering in renderings):
                faults.append(f"{term.english} ({' | '.join(renderings)}): {entry.id!r}: {entry.translation!r}")
    report(faults)


@pytest.mark.parametrize("language", TRANSLATED)
def test_sentences_stay_sentences(language: str) -> None:
    """What ends with a full stop does so everywhere, and a label without one stays a label."""
    stop = {"ko": ".", "ja": "。"}[language]
    report(
        [
            f"{entry.id!r}: {entry.translation!r}"
            for entry in read_entries(language)
            if entry.id.endswith(".") != entry.translation.endswith(stop) and not entry.id.endswith(("?", ":"))
        ]
    )


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_quoted_label_is_quoted_as_it_is_translated(language: str, questionnaire: Questionnaire) -> None:
    shown = {entry.id.casefold(): entry.translation for entry in read_entries(language)}
    for choices in questionnaire.choice_lists.values():
        for choice in choices:
            shown.setdefault(choice.label.en.casefold(), {"ko": choice.label.ko, "ja": choice.label.ja}[language])
    faults = []
    for entry in read_entries(language):
        for label in QUOTED.findall(entry.id):
            rendering = shown.get(label.casefold())
            if rendering is not None and rendering not in entry.translation:
                faults.append(f"{rendering!r} is not in {entry.translation!r}")
    report(faults)


def test_korean_sentences_are_in_the_polite_style() -> None:
    faults = []
    for entry in read_entries("ko"):
        faults += [sentence for sentence in split_korean(entry.translation) if not KOREAN_END.search(sentence)]
    report(faults)


def test_japanese_sentences_are_in_the_polite_style() -> None:
    faults = []
    for entry in read_entries("ja"):
        sentences = fill(entry.translation).split("。")[:-1]
        faults += [sentence for sentence in sentences if not JAPANESE_END.search(sentence)]
    report(faults)


@pytest.mark.parametrize(("language", "kinds"), [("ko", KOREAN_FAULTS), ("ja", JAPANESE_FAULTS)], ids=["ko", "ja"])
def test_signs_are_those_of_the_language(language: str, kinds: Mapping[str, re.Pattern[str]]) -> None:
    faults = []
    for entry in read_entries(language):
        text = fill(entry.translation)
        faults += [f"{kind}: {text!r}" for kind, pattern in kinds.items() if pattern.search(text)]
    report(faults)


def test_every_translation_is_in_its_language() -> None:
    """Words of English alone would be a line forgotten."""
    scripts = {"ko": re.compile(rf"[{HANGUL}]"), "ja": re.compile(rf"[{KANA_KANJI}]")}
    faults = []
    for language, script in scripts.items():
        for entry in read_entries(language):
            words = NAMES.sub("", PLACEHOLDER.sub("", entry.id))
            if re.search(r"[A-Za-z]{4,}", words) and not script.search(entry.translation):
                faults.append(f"{language}: {entry.id!r}: {entry.translation!r}")
    report(faults)


def test_no_exception_outlives_its_message() -> None:
    said = [sources[0] for sources in extract_messages()]
    beginnings = [beginning for each in OTHER_SENSES.values() for beginning in each]
    report([beginning for beginning in beginnings if not any(message.startswith(beginning) for message in said)])
    assert OTHER_SENSES.keys() <= {term.english for term in read_glossary()}


def test_the_glossary_names_each_term_once() -> None:
    terms = read_glossary()
    assert [term for term, times in Counter(term.english.casefold() for term in terms).items() if times > 1] == []
    assert [term.english for term in terms if not all(all(words) for words in term.renderings.values())] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_what_is_compiled_is_what_is_written(language: str) -> None:
    compile_catalogues()
    assert find_compiled(language).is_file()
    translator = load_translator(language)
    for entry in read_entries(language):
        if len(entry.sources) == 1:
            assert translator.gettext(entry.id) == entry.translation
        else:
            singular, plural = entry.sources
            assert {translator.ngettext(singular, plural, number) for number in (0, 1, 7)} == {entry.translation}
