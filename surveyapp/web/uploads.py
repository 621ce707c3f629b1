"""Views that take a larger post than others: files, which are held in memory and never on the disk in clear."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import IO, Any, TypeVar

from flask import Flask, Request, current_app, request

View = TypeVar("View", bound=Callable[..., Any])
_MARK = "most_upload"
_ROOM_FOR_FORM = 64 * 1024  # the fields beside the file


class InMemoryRequest(Request):
    """A request whose files are kept in memory: a temporary file would hold contacts in clear."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return BytesIO()


def accept_upload(most_bytes: int) -> Callable[[View], View]:
    """Let a view take a file of up to `most_bytes`."""

    def mark(view: View) -> View:
        setattr(view, _MARK, most_bytes)
        return view

    return mark


def find_most_upload() -> int | None:
    """How large a file the view behind the request takes; None where it takes none."""
    most: int | None = getattr(current_app.view_functions.get(request.endpoint or ""), _MARK, None)
    return most


def _widen_limit() -> None:
    most = find_most_upload()
    if most is not None and request.method == "POST":
        request.max_content_length = most + _ROOM_FOR_FORM


def set_up_uploads(app: Flask) -> None:
    """To be called after access is checked and before anything reads a form: only who may send a large file does."""
    app.request_class = InMemoryRequest
    app.before_request(_widen_limit)
