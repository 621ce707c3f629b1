"""Long notices of the questionnaire, broken into terms where their own punctuation says so.

A privacy notice comes as one text: `[Title] Purpose: … / Items: … / You may refuse. Questions: …`. Every word is kept
and stays in its order; only what stands as `label: words` becomes a term of a list, everything else a paragraph.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

_TITLE = re.compile(r"^\s*[\[【]([^\]】]{1,40})[\]】]\s*(.+)$", re.DOTALL)
_SLASH = re.compile(r"\s+/\s+|／")
_LABEL = r"[^\s:：.。?？!,、，/()（）\[\]][^:：.。?？!,、，/()（）\[\]]{0,21}"
_TERM = re.compile(rf"^({_LABEL})[:：]\s*(.+)$", re.DOTALL)
_SENTENCE_END = r"(?<=[.?!。？！])"
_BEFORE_TERM = re.compile(rf"{_SENTENCE_END}\s*(?={_LABEL}[:：]\s*\S)")
_AFTER_FIRST_SENTENCE = re.compile(r"(?<=[^.\d][.?!])\s+(?=[A-Z가-힣])|(?<=[。？！])(?=\S)")
_TOPIC = re.compile(r"^[\[【]([^\]】]{1,20})[\]】]\s*(.+)$", re.DOTALL)
_LEAST_TERMS = 2  # fewer do not make a list
_TEXTS = 2048  # more than the notices and labels of one questionnaire in three languages; they come on every page


class Term(NamedTuple):
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class NoticePart:
    """Either a list of terms or a paragraph."""

    text: str = ""
    terms: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class NoticeText:
    title: str
    parts: tuple[NoticePart, ...]

    @property
    def has_terms(self) -> bool:
        return any(part.terms for part in self.parts)


@lru_cache(maxsize=_TEXTS)
def split_topic(label: str) -> tuple[str, str]:
    """`[Quality] Where do you stand?` as topic and question; no topic where there is no bracket in front."""
    found = _TOPIC.match(label)
    return (found[1], found[2]) if found else ("", label)


@lru_cache(maxsize=_TEXTS)
def split_notice(text: str) -> NoticeText:
    """The title in brackets, and terms and paragraphs in the order of the text."""
    found = _TITLE.match(text)
    title, body = (found[1], found[2]) if found else ("", text)
    pieces = [piece.strip() for segment in _SLASH.split(body) for piece in _BEFORE_TERM.split(segment)]
    parsed = [_parse_piece(piece) for piece in pieces if piece]
    if sum(bool(term) for term, _ in parsed) < _LEAST_TERMS:
        return NoticeText(title, (NoticePart(text=body.strip()),))
    parts: list[NoticePart] = []
    for term, rest in parsed:
        if term is not None:
            if parts and parts[-1].terms:
                parts[-1] = NoticePart(terms=(*parts[-1].terms, term))
            else:
                parts.append(NoticePart(terms=(term,)))
        if rest:
            parts.append(NoticePart(text=rest))
    return NoticeText(title, tuple(parts))


@lru_cache(maxsize=_TEXTS)
def split_terms(label: str) -> tuple[str, tuple[Term, ...]]:
    """A question's label whose end lists terms (`May we …? Recipient: … / Purpose: …`) as question and terms."""
    notice = split_notice(label)
    is_question_with_terms = len(notice.parts) == 2 and not notice.title and not notice.parts[0].terms
    if is_question_with_terms and notice.parts[1].terms:
        return notice.parts[0].text, notice.parts[1].terms
    return label, ()


def _parse_piece(piece: str) -> tuple[Term | None, str]:
    """A term with the paragraph that follows its first sentence, or a paragraph alone."""
    found = _TERM.match(piece)
    if found is None:
        return None, piece
    words, *rest = _AFTER_FIRST_SENTENCE.split(found[2], maxsplit=1)
    return Term(found[1].strip(), words.strip()), rest[0].strip() if rest else ""
