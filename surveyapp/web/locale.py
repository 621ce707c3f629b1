"""The language of a request, and dates and numbers written in it.

The language is, in this order: one set for this request (a draft's, or the one a form switched to), `?lang=`, the
cookie, the browser's wish, Korean.
"""

from __future__ import annotations

from datetime import datetime
from typing import cast
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from babel import dates, numbers
from flask import Flask, g, has_request_context, request
from flask_babel import Babel, refresh
from werkzeug.wrappers import Response

from surveyapp.locale import FOLDER
from surveyapp.questionnaire.model import DEFAULT_LANGUAGE, LANGUAGES, Language

COOKIE = "language"
COOKIE_AGE = 365 * 24 * 3600
PARAMETER = "lang"
ZONE_NAME = "Asia/Seoul"
ZONE = ZoneInfo(ZONE_NAME)


def read_language(value: str | None) -> Language | None:
    return value if value in LANGUAGES else None


def find_language() -> Language:
    """The language in which the current request is answered."""
    if not has_request_context():
        return DEFAULT_LANGUAGE
    chosen = g.get("language")
    if chosen is None:
        chosen = (
            read_language(request.args.get(PARAMETER))
            or read_language(request.cookies.get(COOKIE))
            or read_language(request.accept_languages.best_match(LANGUAGES))
            or DEFAULT_LANGUAGE
        )
        g.language = chosen
    return cast(Language, chosen)


def has_named_language() -> bool:
    """Whether the person named a language (address or cookie), so that a draft's own language does not replace it."""
    named = request.args.get(PARAMETER) or request.cookies.get(COOKIE)
    return read_language(named) is not None


def use_language(language: Language, *, remember: bool = False) -> None:
    """Answer the rest of this request in `language`; with `remember` the cookie is set too."""
    g.language = language
    if remember:
        g.remember_language = language
    refresh()


def show_time(moment: datetime) -> str:
    """Date and time of day in Seoul, the zone named: `2026년 11월 22일 14:05 (Asia/Seoul)`."""
    local = moment.astimezone(ZONE)
    language = find_language()
    day = dates.format_date(local, "long", locale=language)
    separator = ", " if language == "en" else " "
    return f"{day}{separator}{local:%H:%M} ({ZONE_NAME})"


def show_date(moment: datetime) -> str:
    """The day in Seoul, the zone named."""
    return f"{dates.format_date(moment.astimezone(ZONE), 'long', locale=find_language())} ({ZONE_NAME})"


def show_number(value: int | float) -> str:
    return numbers.format_decimal(value, locale=find_language())


def find_language_url(language: Language) -> str:
    """The address of this page in another language, its other parameters kept."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != PARAMETER]
    path = "/" + quote(request.path.lstrip("/\\"))  # two slashes in front would name another host
    return f"{path}?{urlencode([*kept, (PARAMETER, language)])}"


def find_language_urls() -> dict[Language, str]:
    return {language: find_language_url(language) for language in LANGUAGES}


def _remember_language(response: Response) -> Response:
    asked = read_language(request.args.get(PARAMETER)) if request.method == "GET" else None
    language = g.get("remember_language") or asked
    if language is not None and request.cookies.get(COOKIE) != language:
        response.set_cookie(
            COOKIE,
            language,
            max_age=COOKIE_AGE,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure,
        )
    return response


def set_up_languages(app: Flask) -> None:
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(FOLDER)
    app.config["BABEL_DEFAULT_LOCALE"] = "en"  # the language of the message ids
    app.config["BABEL_DEFAULT_TIMEZONE"] = ZONE_NAME
    Babel(app, locale_selector=find_language)
    app.after_request(_remember_language)
    app.jinja_env.filters.update(show_time=show_time, show_date=show_date, show_number=show_number)
