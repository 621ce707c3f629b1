"""Who may see what: one named rule per view, denied where none is named.

A view says `@allow(ANALYST)`; `check_access` runs before every request. Roles include the ones below them: what a
viewer may see an analyst may see too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, abort, current_app, g, redirect, request, url_for
from flask_security import current_user
from werkzeug.wrappers import Response

View = TypeVar("View", bound=Callable[..., Any])
logger = logging.getLogger(__name__)

ROLES = ("viewer", "analyst", "manager", "admin")  # each may do what those before it may
SIGN_IN_ENDPOINT = "account.sign_in"
DESK_HOME = "/desk/"


@dataclass(frozen=True, slots=True)
class Rule:
    """`roles` is None where nobody need be signed in; an empty tuple asks for a signed-in account of any role."""

    name: str
    roles: tuple[str, ...] | None


PUBLIC = Rule("public", None)
LINK_HOLDER = Rule("link holder", None)  # the view finds the return by the token in its path, or answers 404
PART_HOLDER = Rule("part holder", None)  # the view finds a part of a return likewise; no token is good for both rules
TOKEN_HOLDER = Rule("token holder", None)  # the view compares the token of the settings, or answers 401 or 404
SIGNED_IN = Rule("signed in", ())
VIEWER = Rule("viewer", ROLES)
ANALYST = Rule("analyst", ROLES[1:])
MANAGER = Rule("manager", ROLES[2:])
ADMIN = Rule("admin", ROLES[3:])


def allow(rule: Rule) -> Callable[[View], View]:
    """Name the access rule of a view."""

    def name_rule(view: View) -> View:
        setattr(view, "access_rule", rule)  # noqa: B010 - functions have no such typed attribute
        return view

    return name_rule


def find_rule(app: Flask, endpoint: str) -> Rule | None:
    return getattr(app.view_functions.get(endpoint), "access_rule", None)


def is_admitted(rule: Rule, roles: frozenset[str] | None) -> bool:
    """Whether someone with `roles` passes; `roles` is None for a person who has not signed in."""
    if rule.roles is None:
        return True
    if roles is None:
        return False
    return not rule.roles or not roles.isdisjoint(rule.roles)


def find_own_roles() -> frozenset[str] | None:
    """Roles of the person behind the request, None where nobody is signed in."""
    if not current_user.is_authenticated:
        return None
    return frozenset(role.name for role in current_user.roles)


def may(rule: Rule) -> bool:
    """Whether the person behind the request passes `rule`, for pages that show a link to some only."""
    return is_admitted(rule, find_own_roles())


def name_kind_of_person() -> str:
    """What kind of person is behind the request, for logs: a role, the holder of a link, or whoever it may be."""
    rule = find_rule(current_app, request.endpoint or "")
    if rule is None or rule is PUBLIC:
        return "anyone"
    if rule.roles is None:
        return rule.name
    roles: frozenset[str] | None = g.get("roles_found")
    return max(roles, key=ROLES.index, default="no role") if roles is not None else "not signed in"


def require_rule(rule: Rule) -> None:
    """Refuse a view (403) that opens what only views of another rule may open: a fault of the program."""
    named = find_rule(current_app, request.endpoint or "")
    if named is not rule:
        logger.error("endpoint %s opens what is for rule %s only", request.endpoint, rule.name)
        abort(403)


def check_access() -> Response | None:
    """Admit, lead to sign-in (303) or refuse (403) before the view runs."""
    if request.endpoint is None:
        return None
    rule = find_rule(current_app, request.endpoint)
    if rule is None:
        logger.error("endpoint %s names no access rule and is refused", request.endpoint)
        abort(403)
    if rule.roles is None:
        return None
    roles = g.roles_found = find_own_roles()
    if is_admitted(rule, roles):
        return None
    if roles is not None:
        abort(403)
    wanted = request.full_path.rstrip("?") if request.method in ("GET", "HEAD") else DESK_HOME
    return redirect(url_for(SIGN_IN_ENDPOINT, next=wanted), 303)


def find_desk_target(wanted: str) -> str:
    """Where to go after signing in: `wanted` when it is a path of the desk on this host, else the desk's home."""
    parts = urlsplit(wanted)
    if parts.scheme or parts.netloc or "\\" in wanted or not wanted.isprintable():
        return DESK_HOME
    return wanted if wanted.startswith(DESK_HOME) and "/../" not in wanted else DESK_HOME
