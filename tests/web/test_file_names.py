"""A file is kept under its own name, in both forms that browsers know (RFC 6266)."""

from __future__ import annotations

import pytest
from werkzeug.http import parse_options_header
from werkzeug.wrappers import Response

from surveyapp.web.file_names import name_sent_file


@pytest.mark.parametrize(("is_shown", "disposition"), [(False, "attachment"), (True, "inline")])
@pytest.mark.parametrize("name", ["raw_codes.csv", "readiness_ko.pdf"])
def test_what_is_sent_has_a_name(name: str, is_shown: bool, disposition: str) -> None:
    response = name_sent_file(Response(b"content"), name, is_shown=is_shown)
    kind, options = parse_options_header(response.headers["Content-Disposition"])
    assert (kind, options["filename"]) == (disposition, name)
    assert f"filename*=UTF-8''{name}" in response.headers["Content-Disposition"]
