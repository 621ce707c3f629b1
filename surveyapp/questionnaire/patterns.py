"""Regular expressions for `regex()` that cannot run away.

The `regex` library is used because it can be told how long it may take; the matcher of the standard library
backtracks without a bound and cannot be interrupted in a threaded server. A pattern that needs longer does not match,
so the person is told to mend the answer and nothing hangs.
"""

from __future__ import annotations

from functools import lru_cache

from surveyapp.questionnaire.faults import PatternFault

MAX_PATTERN = 500  # characters
MAX_TEXT = 10_000  # characters; a longer text does not match
MAX_SECONDS = 0.1


class Pattern:
    """A checked pattern. Raises `PatternFault` with the place where it cannot be read."""

    def __init__(self, source: str) -> None:
        if len(source) > MAX_PATTERN:
            raise PatternFault(MAX_PATTERN, f"The pattern has more than {MAX_PATTERN} characters.")
        import regex  # takes long to load, and only a questionnaire needs it

        try:
            # V0 is the syntax of the standard library, which ODK's patterns are written in.
            self._compiled = regex.compile(source, regex.V0)
        except regex.error as fault:
            # The stubs do not know the attributes that the library's error has.
            position = min(getattr(fault, "pos", None) or 0, len(source))
            raise PatternFault(position, f"The pattern cannot be read: {getattr(fault, 'msg', fault)}.") from fault
        except (RecursionError, OverflowError) as fault:
            raise PatternFault(0, "The pattern is nested too deeply.") from fault
        self.source = source

    def matches(self, text: str) -> bool:
        """Whether the whole text matches."""
        if len(text) > MAX_TEXT:
            return False
        try:
            return self._compiled.fullmatch(text, timeout=MAX_SECONDS, concurrent=True) is not None
        except TimeoutError:
            return False


@lru_cache(maxsize=256)
def compile_pattern(source: str) -> Pattern:
    """Raises `PatternFault` for a pattern that cannot be used."""
    return Pattern(source)
