"""Reading YAML as nodes that know their line, so that every finding can say where it is.

A `Source` collects the findings; its readers return what they can and never raise, so that one pass reports all faults.
The nodes are built from the parser's events without recursion; anchors, aliases and tags are refused on the way, so a
short file cannot unfold without end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from surveyapp.questionnaire.faults import Finding
from surveyapp.questionnaire.model import LANGUAGES, Text
from surveyapp.questionnaire.survey_rows import EMPTY_TEXT, Cell

MAX_CHARACTERS = 500_000  # four times our own; the parser takes up to 25 µs for each
MAX_NESTING = 20
MAX_FINDINGS = 500
MAX_TEXT = 5_000  # characters of one label, hint or message

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(slots=True)
class Scalar:
    text: str
    line: int
    is_null: bool = False


@dataclass(slots=True)
class Sequence:
    line: int
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Mapping:
    line: int
    items: list[Node] = field(default_factory=list)  # key, value, key, value …


Node = Scalar | Sequence | Mapping


class YamlFault(Exception):
    """The text is no YAML that we read; says where and why."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


@dataclass(slots=True)
class Source:
    """One document and the findings made in it."""

    findings: list[Finding] = field(default_factory=list)

    def report(self, line: int, name: str, reason: str) -> None:
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(Finding(line, name, reason))
        elif len(self.findings) == MAX_FINDINGS:
            self.findings.append(Finding(line, "", f"There are more than {MAX_FINDINGS} faults; the rest is not told."))

    def read_mapping(self, node: Node | None, name: str, known: Collection[str] | None = None) -> dict[str, Node]:
        """Values by key. Reports what is not a mapping, duplicate keys, and keys that are not `known` (None: any)."""
        if not isinstance(node, Mapping):
            if node is not None:
                self.report(node.line, name, "This must be keys with values (key: value).")
            return {}
        entries: dict[str, Node] = {}
        for key_node, value in zip(node.items[::2], node.items[1::2], strict=True):
            key = read_scalar(key_node)
            if key is None:
                self.report(key_node.line, name, "A key must be a plain word.")
            elif key in entries:
                self.report(key_node.line, name, f"The key {key!r} is given twice.")
            else:
                if known is not None and key not in known:
                    self.report(key_node.line, name, f"The key {key!r} is not known here.")
                entries[key] = value
        return entries

    def read_sequence(self, node: Node | None, name: str) -> list[Node]:
        if not isinstance(node, Sequence):
            if node is not None:
                self.report(node.line, name, "This must be a list (each entry begins with '- ').")
            return []
        return node.items

    def read_text(self, node: Node | None, name: str, key: str) -> Text | None:
        """A text in all languages; None where there is no such key. Reports a missing or blank language."""
        if node is None:
            return None
        entries = self.read_mapping(node, name, known=LANGUAGES)
        if not isinstance(node, Mapping):
            return EMPTY_TEXT
        words: dict[str, str] = {}
        for language in LANGUAGES:
            value = entries.get(language)
            plain = None if value is None else read_scalar(value)
            if plain is None or not plain.strip():
                self.report((value or node).line, name, f"The {key} has no text in language {language!r}.")
            elif len(plain) > MAX_TEXT:
                self.report((value or node).line, name, f"The {key} has more than {MAX_TEXT} characters.")
            words[language] = plain or ""
        return Text(words["ko"], words["en"], words["ja"])

    def read_cell(self, node: Node | None, name: str, key: str) -> Cell | None:
        """A plain value; None where there is no such key or it is blank. Reports a list or mapping in its place."""
        if node is None or is_blank(node):
            return None
        plain = read_scalar(node)
        if plain is None:
            self.report(node.line, name, f"The value of {key!r} must be one plain value.")
            return None
        return Cell(plain, node.line)

    def read_whole(self, node: Node | None, name: str, key: str, least: int = 0, most: int = 100_000) -> int | None:
        """A whole number within bounds; None where there is no such key or the value is reported."""
        cell = self.read_cell(node, name, key)
        if cell is None:
            return None
        if not (cell.text.isascii() and cell.text.isdigit() and len(cell.text) <= len(str(most))):
            self.report(cell.line, name, f"The value of {key!r} must be a whole number, not {cell.text[:40]!r}.")
            return None
        if not least <= int(cell.text) <= most:
            self.report(cell.line, name, f"The value of {key!r} must lie between {least} and {most}.")
            return None
        return int(cell.text)


def compose_document(source: str) -> Node:
    """The root node of a YAML text. Raises `YamlFault` where there is none that can be read."""
    if len(source) > MAX_CHARACTERS:
        raise YamlFault(1, f"The file has more than {MAX_CHARACTERS:,} characters.")
    try:
        root = _compose(YAML(typ="safe", pure=True).parse(source))
    except MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        what = " ".join(str(part) for part in (fault.context, fault.problem) if part)
        line = mark.line + 1 if mark is not None else 1
        raise YamlFault(line, f"The YAML cannot be read: {what}.") from None
    except YamlFault:
        raise
    except Exception as fault:  # on some malformed input the parser fails with whatever it stumbles upon
        position = getattr(fault, "position", None)
        line = source.count("\n", 0, position) + 1 if isinstance(position, int) else 1
        raise YamlFault(line, f"The YAML cannot be read ({type(fault).__name__}).") from None
    if root is None or (isinstance(root, Scalar) and root.is_null):
        raise YamlFault(1, "The file is empty.")
    return root


def _compose(events: Iterator[Event]) -> Node | None:
    root: Node | None = None
    documents = 0
    around: list[Sequence | Mapping] = []
    for event in events:
        if isinstance(event, DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise YamlFault(_find_event_line(event), "The file holds more than one document.")
        elif isinstance(event, SequenceEndEvent | MappingEndEvent):
            around.pop()
        elif isinstance(event, NodeEvent):
            node = _build_node(event, around)
            if around:
                around[-1].items.append(node)
            else:
                root = node
            if not isinstance(node, Scalar):
                around.append(node)
                if len(around) > MAX_NESTING:
                    raise YamlFault(node.line, "The YAML is nested too deeply.")
    return root


def _build_node(event: NodeEvent, around: list[Sequence | Mapping]) -> Node:
    line = _find_event_line(event)
    if isinstance(event, AliasEvent) or event.anchor is not None:
        raise YamlFault(line, "Anchors and aliases (& and *) cannot be used; write the value out.")
    if getattr(event, "tag", None) is not None:
        raise YamlFault(line, "Tags (!) cannot be used; write the value without one.")
    if isinstance(event, SequenceStartEvent):
        return Sequence(line)
    if isinstance(event, MappingStartEvent):
        return Mapping(line)
    text = event.value if isinstance(event, ScalarEvent) else ""
    is_plain = not getattr(event, "style", None)
    if is_plain and not text and around and isinstance(around[-1], Mapping) and len(around[-1].items) % 2:
        line = around[-1].items[-1].line  # the parser places a value that is not there at whatever follows it
    return Scalar(text, line, is_null=is_plain and text in _NULLS)


def _find_event_line(event: Event) -> int:
    return int(event.start_mark.line) + 1


def is_blank(node: Node) -> bool:
    return isinstance(node, Scalar) and (node.is_null or not node.text.strip())


def read_scalar(node: Node | None) -> str | None:
    """A plain value as it is written; None for a list, a mapping or nothing."""
    return None if not isinstance(node, Scalar) or node.is_null else node.text


def peek_scalar(node: Node, key: str) -> str:
    """The plain value of a key of a mapping, '' where there is none."""
    if not isinstance(node, Mapping):
        return ""
    pairs = zip(node.items[::2], node.items[1::2], strict=True)
    return next((read_scalar(value) or "" for name, value in pairs if read_scalar(name) == key), "")
