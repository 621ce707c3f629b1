"""What every HTML reply must be, whichever test asked for it: valid, titled, labelled, and free of inline code."""

from __future__ import annotations

import gzip
import re
from collections import Counter
from xml.etree.ElementTree import Element

import html5lib
from html5lib.html5parser import ParseError
from werkzeug.test import TestResponse

from surveyapp.questionnaire.model import LANGUAGES

LABELLED = frozenset({"input", "select", "textarea"})
NEEDS_NO_LABEL = frozenset({"hidden", "submit", "button", "reset", "image"})
REFERENCES = ("for", "aria-labelledby", "aria-describedby", "aria-controls", "aria-owns", "form", "list", "headers")
# Pages of figures: the browser alone may keep them, and asks before it shows them again (web/revalidation.py).
FIGURE_PAGE = re.compile(r"/desk/rounds/[^/]+/(issues|released|briefing|questions(/[^/]+)?)$")
NAMED_BY_CONTENT = frozenset({"a", "button", "summary", "legend", "h1", "h2", "h3", "h4", "th", "caption"})


# Shapes of pages that were found sound: a strict parser in Python takes longer than the page took to make, and most
# replies of a run differ from an earlier one in words alone.
SOUND_SHAPES: set[int] = set()
WORDS = re.compile(r"(?<=>)[^<>&]*[^<>&\s][^<>&]*(?=<)")
FREE_VALUES = re.compile(r'( (?:value|nonce|content)=")[^"<>&]+(?=")')
TOKENS = re.compile(r"[\w-]{32,}")


class PageFault(AssertionError):
    """A page breaks a rule that holds for every page."""


def check_page(response: TestResponse) -> None:
    """Raises PageFault naming every rule that an HTML reply breaks. Redirects and other kinds pass."""
    if response.mimetype != "text/html" or 300 <= response.status_code < 400 or response.request.method == "HEAD":
        return
    html = _read_body(response)
    if response.headers.get("Content-Security-Policy", "").startswith("sandbox"):
        faults = _find_sealed_faults(response, html)
        assert not faults, f"{response.request.path}: {faults}"
        return
    is_fragment = "<html" not in html[:200].lower()
    faults = _find_header_faults(response)
    shape = _find_shape(html)
    if shape not in SOUND_SHAPES:
        markup_faults = find_markup_faults(html, is_fragment=is_fragment)
        faults += markup_faults
        if not markup_faults:
            SOUND_SHAPES.add(shape)
    if faults:
        path = response.request.path
        raise PageFault(f"{response.request.method} {path} ({response.status_code}):\n  " + "\n  ".join(faults))


def _find_shape(html: str) -> int:
    """The same number for pages that differ only in plain words, and in values that nothing on the page refers to.

    Words with a reference (&) are kept as they are, so is every other attribute.
    """
    return hash(TOKENS.sub("t", FREE_VALUES.sub(r"\1v", WORDS.sub("w", html))))


def _find_sealed_faults(response: TestResponse, html: str) -> list[str]:
    """Of a page that was written for others, such as a mail in a frame: it may have styles and can do nothing."""
    policy = response.headers["Content-Security-Policy"]
    faults = []
    if any(
        allowed not in ("sandbox", "style-src 'unsafe-inline'", "frame-ancestors 'self'") and "'none'" not in allowed
        for allowed in policy.split("; ")
    ):
        faults.append(f"more is allowed than styles: {policy}")
    if "default-src 'none'" not in policy or response.headers.get("Cache-Control") != "no-store":
        faults.append("not sealed")
    root = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(html)
    tags = {element.tag for element in root.iter() if isinstance(element.tag, str)}
    return [
        *faults,
        *(f"<{tag}> in a sealed page" for tag in tags & {"script", "img", "link", "form", "iframe", "style"}),
    ]


def _read_body(response: TestResponse) -> str:
    body = response.get_data()
    return (gzip.decompress(body) if response.headers.get("Content-Encoding") == "gzip" else body).decode()


def _find_header_faults(response: TestResponse) -> list[str]:
    policy = response.headers.get("Content-Security-Policy", "")
    faults = []
    if "script-src 'self' 'nonce-" not in policy or "frame-ancestors 'none'" not in policy:
        faults.append("no content security policy")
    if "unsafe" in policy:
        faults.append(f"unsafe content security policy: {policy}")
    if response.headers.get("Referrer-Policy") != "no-referrer":
        faults.append("the address may leak as referrer")
    may_be_kept = FIGURE_PAGE.match(response.request.path) is not None and response.status_code == 200
    if response.headers.get("Cache-Control") != ("private, no-cache" if may_be_kept else "no-store"):
        faults.append("the page may be kept by caches")
    return faults


def find_markup_faults(html: str, *, is_fragment: bool = False) -> list[str]:
    """Every rule that a page, or a fragment of one, breaks."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    try:
        root = parser.parseFragment(html) if is_fragment else parser.parse(html)
    except ParseError as fault:
        line, column = parser.errors[-1][0] if parser.errors else (0, 0)
        context = html.splitlines()[line - 1].strip()[:160] if 0 < line <= len(html.splitlines()) else ""
        return [f"invalid HTML at {line}:{column}: {fault} near {context!r}"]
    elements = [element for element in root.iter() if isinstance(element.tag, str)]
    faults = [] if is_fragment else _find_document_faults(root)
    faults += _find_identity_faults(elements, is_fragment=is_fragment)
    faults += _find_label_faults(root, elements)
    faults += _find_inline_code(elements)
    return faults


def _find_document_faults(root: Element) -> list[str]:
    faults = []
    if root.get("lang") not in LANGUAGES:
        faults.append(f"html lang is {root.get('lang')!r}")
    if not (root.findtext("head/title") or "").strip():
        faults.append("empty title")
    headings = list(root.iter("h1"))
    if len(headings) != 1:
        faults.append(f"{len(headings)} h1 headings")
    if len(list(root.iter("main"))) != 1:
        faults.append("not exactly one main")
    return faults


def _find_identity_faults(elements: list[Element], *, is_fragment: bool) -> list[str]:
    identities = Counter(identity for element in elements if (identity := element.get("id")) is not None)
    faults = [f"id {identity!r} occurs {count} times" for identity, count in identities.items() if count > 1]
    if is_fragment:  # may refer to what stays on the page
        return faults
    for element in elements:
        for attribute in REFERENCES:
            for target in (element.get(attribute) or "").split():
                if target not in identities and not (element.tag == "form" or attribute == "list"):
                    faults.append(f"<{element.tag} {attribute}={target!r}> refers to no element")
        target = element.get("href") or ""
        if target.startswith("#") and len(target) > 1 and target[1:] not in identities:
            faults.append(f"link to {target} leads nowhere")
    return faults


def _read_words(element: Element) -> str:
    words = "".join(element.itertext()).strip()
    pictures = "".join(image.get("alt") or "" for image in element.iter("img"))
    return words or pictures or element.get("aria-label") or element.get("title") or ""


def _find_label_faults(root: Element, elements: list[Element]) -> list[str]:
    labelled = {element.get("for") for element in elements if element.tag == "label" and _read_words(element)}
    wrapped = {
        id(inner)
        for label in root.iter("label")
        if _read_words(label)
        for inner in label.iter()
        if inner.tag in LABELLED
    }
    faults = []
    for element in elements:
        if element.tag in LABELLED and element.get("type") not in NEEDS_NO_LABEL:
            has_name = element.get("aria-label") or element.get("aria-labelledby")
            if not (has_name or element.get("id") in labelled or id(element) in wrapped):
                faults.append(f"<{element.tag} name={element.get('name')!r}> has no label")
        elif element.tag in NAMED_BY_CONTENT and element.get("aria-labelledby") is None:
            if element.tag == "a" and element.get("href") is None:
                continue
            if not _read_words(element) and not (element.tag == "th" and element.get("scope") is None):
                faults.append(f"<{element.tag}> says nothing")
        elif element.tag == "img" and element.get("alt") is None:
            faults.append(f"<img src={element.get('src')!r}> has no alt")
    return faults


def _find_inline_code(elements: list[Element]) -> list[str]:
    faults = []
    for element in elements:
        if element.tag == "style" or element.get("style") is not None:
            faults.append(f"inline style on <{element.tag}>")
        faults += [f"inline handler {name} on <{element.tag}>" for name in element.attrib if re.match(r"on[a-z]", name)]
        is_code = element.tag == "script" and element.get("type") != "application/json"
        if is_code and element.get("src") is None and element.get("nonce") is None:
            faults.append("inline script without nonce")
        for attribute in ("href", "src", "action", "formaction"):
            if (element.get(attribute) or "").strip().lower().startswith("javascript:"):
                faults.append(f"script in {attribute} of <{element.tag}>")
    return faults
