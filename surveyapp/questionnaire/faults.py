"""What can be wrong with an answer, an expression or a questionnaire, as values and small exceptions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from surveyapp.questionnaire.model import Text

AnswerFaultCode = Literal[
    "required",
    "not_a_choice",
    "not_offered",
    "not_whole",
    "not_number",
    "too_large",
    "too_long",
    "control_character",
    "rank_tie",
    "rank_position",
    "constraint",
]


class AnswerFault(Exception):
    """An answer cannot be kept as it is.

    `code` says which rule it breaks, `params` hold what a message may name (`limit`, `position`, `value`), `message` is
    the questionnaire's own sentence where the rule is a constraint that has one.
    """

    def __init__(
        self,
        code: AnswerFaultCode,
        params: Mapping[str, str | int] | None = None,
        message: Text | None = None,
    ) -> None:
        super().__init__(code)
        self.code: AnswerFaultCode = code
        self.params: Mapping[str, str | int] = dict(params or {})
        self.message = message

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AnswerFault):
            return NotImplemented
        return (self.code, self.params, self.message) == (other.code, other.params, other.message)

    def __hash__(self) -> int:
        return hash(self.code)

    def __repr__(self) -> str:
        return f"AnswerFault({self.code!r}, {dict(self.params)!r})"


@dataclass(frozen=True, slots=True, order=True)
class ExpressionFault:
    """One fault of an expression: `position` counts characters from 0, `reason` is an English sentence."""

    position: int
    reason: str


class ExpressionFaults(Exception):
    """An expression cannot be used; `faults` are in the order of their positions and never empty."""

    def __init__(self, faults: Iterable[ExpressionFault]) -> None:
        self.faults = tuple(sorted(faults))
        super().__init__("; ".join(f"character {fault.position + 1}: {fault.reason}" for fault in self.faults))


class PatternFault(Exception):
    """A pattern given to `regex()` cannot be used. `position` counts characters of the pattern from 0."""

    def __init__(self, position: int, reason: str) -> None:
        super().__init__(reason)
        self.position = position
        self.reason = reason


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One fault of a questionnaire's source: `line` counts from 1, `name` is the row, choice or key that it concerns
    ('' where it concerns the file), `reason` is an English sentence."""

    line: int
    name: str
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.name}: {self.reason}" if self.name else f"line {self.line}: {self.reason}"


class QuestionnaireFaults(Exception):
    """A questionnaire cannot be used; `findings` are in the order of their lines and never empty."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(sorted(findings))
        super().__init__("\n".join(str(finding) for finding in self.findings))
