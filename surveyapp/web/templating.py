"""How templates are drawn."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Hashable, MutableMapping
from functools import lru_cache
from typing import Any

from flask import Flask
from flask.templating import Environment
from markupsafe import Markup

from surveyapp.questionnaire.model import Language
from surveyapp.web.locale import find_language

_KEPT = 1024  # pieces of markup, of some kilobytes each: every question of the questionnaire in three languages fits


class Templates(Environment):
    """Flask's environment for templates that are never given globals of their own.

    A page imports a dozen components, and Jinja compares the names in the globals at each. A plain dictionary makes
    that cheap; the chain of mappings that Jinja makes by default took a tenth of the time of a form page.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return ChainMap(d, self.globals) if d else self.globals


def draw_once(macro: Callable[..., Markup], *values: Hashable) -> Markup:
    """What a component makes of values that say all that it shows: drawn once for each language, then remembered.

    For components that companies see alike. Of what one of them typed, its link or its name nothing may be in
    `values`, since they are remembered with the markup.
    """
    return _draw(macro, find_language(), *values)


@lru_cache(maxsize=_KEPT)
def _draw(macro: Callable[..., Markup], language: Language, *values: Hashable) -> Markup:
    return macro(*values)


def set_up_templates(app: Flask) -> None:
    app.jinja_env.globals["draw_once"] = draw_once
