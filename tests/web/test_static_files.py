"""Static files are addressed by content, kept for a year and compressed."""

from __future__ import annotations

import gzip

from flask import Flask, url_for
from flask.testing import FlaskClient

from surveyapp.web.static_files import FOLDER

NAME = "css/base.css"


def find_url(app: Flask) -> str:
    with app.test_request_context("/"):
        return url_for("static", filename=NAME)


def test_a_file_is_kept_for_a_year(app: Flask, client: FlaskClient) -> None:
    reply = client.get(find_url(app))
    assert reply.status_code == 200
    assert reply.mimetype == "text/css"
    assert reply.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert reply.data == (FOLDER / NAME).read_bytes()


def test_a_file_under_another_digest_is_asked_for_again(client: FlaskClient) -> None:
    reply = client.get(f"/static/0123456789ab/{NAME}")
    assert reply.headers["Cache-Control"] == "no-cache"
    again = client.get(f"/static/0123456789ab/{NAME}", headers={"If-None-Match": reply.headers["ETag"]})
    assert again.status_code == 304


def test_text_is_compressed_for_whoever_takes_it(app: Flask, client: FlaskClient) -> None:
    reply = client.get(find_url(app), headers={"Accept-Encoding": "gzip, br"})
    assert reply.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(reply.data) == (FOLDER / NAME).read_bytes()
    assert int(reply.headers["Content-Length"]) == len(reply.data)
    plain = client.get(find_url(app), headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in plain.headers


def test_no_session_is_made_for_a_file(app: Flask, client: FlaskClient) -> None:
    assert "Set-Cookie" not in client.get(find_url(app)).headers


def test_nothing_outside_the_folder_is_sent(client: FlaskClient) -> None:
    for name in ("../__init__.py", "%2e%2e/__init__.py", "css", "", "css/none.css"):
        assert client.get(f"/static/x/{name}").status_code == 404


def test_pages_are_compressed(client: FlaskClient) -> None:
    reply = client.get("/desk/sign-in", headers={"Accept-Encoding": "gzip"})
    assert reply.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in reply.headers["Vary"]
    assert b"<!doctype html>" in gzip.decompress(reply.data)
