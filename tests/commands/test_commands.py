"""The `surveyapp` command: the same functions as the pages, from the shell."""

from __future__ import annotations

import csv
import io
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from surveyapp.commands import main
from surveyapp.records.audit import AuditEvent, list_audit
from surveyapp.records.database import open_database

Run = Callable[..., Result]
REASON = "Matching with the member directory"
BUILTIN = Path(__file__).parents[2] / "surveyapp/questionnaire/definitions/japan_export_readiness.yaml"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command on an installation of its own."""
    monkeypatch.setenv("SURVEYAPP_INSTANCE", str(tmp_path / "instance"))
    monkeypatch.setenv("LOGNAME", "operator")

    def run_command(*arguments: str) -> Result:
        return CliRunner().invoke(main, arguments, catch_exceptions=False)

    return run_command


@pytest.fixture
def installed(run: Run) -> Run:
    assert run("init").exit_code == 0
    return run


def list_events(folder: Path) -> list[AuditEvent]:
    database = open_database(f"sqlite:///{folder / 'instance' / 'survey.sqlite3'}")
    with database.read() as connection:
        events = list(list_audit(connection))
    database.close()
    return events


def list_actions(folder: Path) -> list[tuple[str, str]]:
    return [(each.actor, each.action) for each in list_events(folder)]


def test_help_lists_what_there_is(run: Run) -> None:
    listed = re.findall(r"^  ([a-z]+) ", run("--help").output, re.MULTILINE)
    assert set(listed) >= {"export", "init", "questionnaire", "rounds", "sample", "serve", "user"}


def test_init_twice_changes_nothing(run: Run, tmp_path: Path) -> None:
    first = run("init")
    assert "made the secrets" in first.output
    secrets_file = tmp_path / "instance" / "secrets.json"
    before = secrets_file.read_bytes()
    assert stat.S_IMODE(secrets_file.stat().st_mode) == 0o600
    again = run("init")
    assert (again.exit_code, again.output) == (0, "")
    assert secrets_file.read_bytes() == before
    assert run("rounds").output == ""  # a round needs the operator's own words


@pytest.mark.parametrize("command", [["rounds"], ["sample"], ["user", "reset", "a@example.com"]])
def test_an_installation_that_was_not_prepared(run: Run, command: list[str]) -> None:
    result = run(*command)
    assert result.exit_code == 1
    assert "surveyapp init" in result.output
    assert "Traceback" not in result.output


def test_a_misspelt_variable_is_refused(installed: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SURVEYAPP_BASE_ULR", "https://survey.example.org")
    result = installed("rounds")
    assert result.exit_code == 1
    assert "SURVEYAPP_BASE_URL" in result.output


TEXTS = """
title: {ko: 2026년 조사, en: Survey 2026, ja: 2026年調査}
operator: {ko: 협회, en: the association, ja: 協会}
privacy_contact: {ko: 02-1, en: +82-2-1, ja: +82-2-1}
retention_text: {ko: 3년, en: 3 years, ja: 3年間}
retention_contact: {ko: 1년, en: 1 year, ja: 1年間}
"""


def test_a_round_opens_with_the_operators_words(installed: Run, tmp_path: Path) -> None:
    texts = tmp_path / "texts.yaml"
    texts.write_text(TEXTS, encoding="utf-8")
    times = ["--opens", "2026-01-01", "--closes", "2099-12-31T18:00"]
    opened = installed("round", "open", "2026", "--texts", str(texts), *times)
    assert opened.output == "http://127.0.0.1:8000/s/2026/\n"
    assert installed("rounds").output == "2026\topen\treal\t2026-01-01T00:00+0900\t2099-12-31T18:00+0900\t0\n"
    again = installed("round", "open", "2026", "--texts", str(texts), *times)
    assert again.exit_code == 1
    assert "there is a round '2026' already" in again.output
    backwards = installed(
        "round", "open", "x", "--texts", str(texts), "--opens", "2026-01-02", "--closes", "2026-01-01"
    )
    assert backwards.exit_code == 1


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (TEXTS.replace("02-1", ""), "privacy_contact"),
        (TEXTS.replace("retention_contact", "retention"), "retention_contact"),
        (TEXTS.replace("title", "heading"), "title is missing"),
        (TEXTS.replace("en: the association, ", ""), "operator must have a text for each of ko, en, ja"),
        ("- a", "holds no texts"),
        ("a: [", "cannot be read"),
    ],
)
def test_a_round_without_the_operators_words_stays_shut(
    installed: Run, tmp_path: Path, source: str, reason: str
) -> None:
    texts = tmp_path / "texts.yaml"
    texts.write_text(source, encoding="utf-8")
    result = installed(
        "round", "open", "2026", "--texts", str(texts), "--opens", "2026-01-01", "--closes", "2026-02-01"
    )
    assert result.exit_code == 1
    assert reason in result.output
    assert installed("rounds").output == ""


def test_accounts(installed: Run, tmp_path: Path) -> None:
    added = installed("user", "add", "Kim@Example.com", "--role", "analyst")
    assert added.exit_code == 0
    assert re.search(r"^http://127\.0\.0\.1:8000/desk/reset/\S+$", added.output, re.MULTILINE)
    twice = installed("user", "add", "kim@example.com", "--role", "viewer")
    assert twice.exit_code == 1
    assert "exists already" in twice.output
    assert installed("user", "add", "kim", "--role", "viewer").exit_code == 1
    assert installed("user", "add", "x@example.com", "--role", "king").exit_code == 2
    assert "/desk/reset/" in installed("user", "reset", "KIM@example.com").output
    assert installed("user", "reset", "nobody@example.com").exit_code == 1
    assert list_actions(tmp_path) == [
        ("command:operator", "account.link_made"),
        ("command:operator", "account.added"),
    ]


def test_a_good_questionnaire_passes_in_silence(run: Run) -> None:
    result = run("questionnaire", "check", str(BUILTIN))
    assert (result.exit_code, result.output) == (0, "")


def test_findings_name_file_line_and_reason(run: Run, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    source = BUILTIN.read_text(encoding="utf-8")
    broken.write_text(source.replace("${consent_participate}", "${consent_participation}"), encoding="utf-8")
    result = run("questionnaire", "check", str(broken))
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert lines
    for line in lines:
        assert re.fullmatch(rf"{re.escape(str(broken))}:\d+: \w+: .+", line)
    assert any("consent_participation" in line for line in lines)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"settings: [", b"", b"- a\n- b\n", b"settings: {}\n"])
def test_an_unreadable_questionnaire(run: Run, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "q.yaml"
    file.write_bytes(content)
    result = run("questionnaire", "check", str(file))
    assert result.exit_code == 1
    assert f"{file}:" in result.output
    assert "Traceback" not in result.output


def test_a_questionnaire_that_is_not_there(run: Run, tmp_path: Path) -> None:
    result = run("questionnaire", "check", str(tmp_path / "none.yaml"))
    assert result.exit_code == 1
    assert "cannot be read" in result.output


@pytest.fixture(scope="module")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose installation holds the trial round and the sample rounds."""
    folder = tmp_path_factory.mktemp("sampled")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SURVEYAPP_INSTANCE", str(folder / "instance"))
        for command in (["init"], ["sample"]):
            result = CliRunner().invoke(main, command, catch_exceptions=False)
            assert (result.exit_code, result.output.count("Traceback")) == (0, 0), result.output
    return folder


@pytest.fixture
def on_sample(sampled: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("SURVEYAPP_INSTANCE", str(sampled / "instance"))
    monkeypatch.setenv("LOGNAME", "operator")
    return lambda *arguments: CliRunner().invoke(main, arguments, catch_exceptions=False)


def test_rounds_are_listed_slug_first(on_sample: Run) -> None:
    rows = [line.split("\t") for line in on_sample("rounds").output.splitlines()]
    assert [row[2] for row in rows] == ["trial", "sample", "sample"]
    assert rows[0][:3] == ["trial", "open", "trial"]
    for slug, state, kind, opens, closes, responses in rows:
        assert re.fullmatch(r"[a-z0-9-]+", slug)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d\+0900", opens)
        assert opens < closes
        assert (int(responses) > 25) == (kind == "sample")
        assert (state == "closed") == (kind == "sample")


def test_sample_twice_changes_nothing(on_sample: Run) -> None:
    before = on_sample("rounds").output
    again = on_sample("sample")
    assert (again.exit_code, again.output) == (0, "")
    assert on_sample("rounds").output == before


@pytest.mark.parametrize("kind", ["raw", "identified", "ministry"])
@pytest.mark.parametrize(("language", "labels"), [("ko", "codes"), ("ja", "labels"), ("en", "labels")])
def test_an_export(on_sample: Run, sampled: Path, tmp_path: Path, kind: str, language: str, labels: str) -> None:
    slug = next(line.split("\t")[0] for line in on_sample("rounds").output.splitlines() if "\tsample\t" in line)
    output = tmp_path / "out.csv"
    options = ["--kind", kind, "--language", language, "--labels", labels]
    if kind == "identified":
        options += ["--reason", REASON]
    result = on_sample("export", "csv", "--round", slug, "--output", str(output), *options)
    assert result.exit_code == 0, result.output
    content = output.read_bytes()
    assert content.startswith("\ufeff".encode())
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert len(rows) > 10
    assert b"\r\n" in content
    assert stat.S_IMODE(output.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]
    assert list_actions(sampled)[0] == ("command:operator", f"export.{kind}")


@pytest.mark.parametrize("command", ["csv", "file"])
def test_what_names_companies_is_written_for_a_reason_alone(
    on_sample: Run, sampled: Path, tmp_path: Path, command: str
) -> None:
    options = ["--round", "sample-2026", "--output", str(tmp_path / "out.csv"), "--kind", "identified"]
    before = list_events(sampled)
    for reason in ("", "why", f"why{' ' * 10}"):
        refused = on_sample("export", command, *options, "--reason", reason)
        assert refused.exit_code == 1 and "--reason in 10 characters or more" in refused.output
    assert list_events(sampled) == before and not list(tmp_path.iterdir())
    assert on_sample("export", command, *options, "--reason", f"  {REASON}\n").exit_code == 0
    assert list_events(sampled)[0].details["reason"] == REASON


@pytest.mark.parametrize(
    ("form", "kind", "begin"),
    [
        ("xlsx", "raw", b"PK"),
        ("sav", "deidentified", b"$FL2"),
        ("parquet", "identified", b"PAR1"),
        ("csv-plain", "paradata", b"number,"),
        ("xlsx", "ministry", b"PK"),
    ],
)
def test_a_file_of_any_format(
    on_sample: Run, sampled: Path, tmp_path: Path, form: str, kind: str, begin: bytes
) -> None:
    output = tmp_path / "out.file"
    options = ["--round", "sample-2026", "--output", str(output), "--kind", kind, "--format", form, "--cells", "labels"]
    if kind == "identified":
        options += ["--reason", REASON]
    result = on_sample("export", "file", *options)
    assert result.exit_code == 0, result.output
    assert output.read_bytes().startswith(begin) and output.stat().st_mode & 0o777 == 0o600
    assert list_actions(sampled)[0] == ("command:operator", "export.file")


def test_a_file_that_cannot_be_made_is_refused_in_words(on_sample: Run, tmp_path: Path) -> None:
    output = tmp_path / "out.sav"
    options = ["--output", str(output), "--kind", "ministry", "--format", "sav"]
    refused = on_sample("export", "file", "--round", "sample-2026", *options)
    assert refused.exit_code == 1 and "no file of this kind" in refused.output and "Traceback" not in refused.output
    unknown = on_sample("export", "file", "--round", "none", "--output", str(output))
    assert unknown.exit_code == 1 and "surveyapp rounds" in unknown.output
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("form", "begin"), [("ddi", b"<?xml"), ("redcap", b"\xef\xbb\xbfVariable")])
def test_the_codebook(on_sample: Run, tmp_path: Path, form: str, begin: bytes) -> None:
    output = tmp_path / "codebook"
    result = on_sample("export", "codebook", "--round", "sample-2026", "--form", form, "--output", str(output))
    assert result.exit_code == 0, result.output
    assert output.read_bytes().startswith(begin)


@pytest.mark.parametrize(("form", "begins"), [("pdf", b"%PDF-"), ("xlsx", b"PK"), ("csv", "\ufeff".encode())])
def test_a_briefing(on_sample: Run, sampled: Path, tmp_path: Path, form: str, begins: bytes) -> None:
    slug = next(line.split("\t")[0] for line in on_sample("rounds").output.splitlines() if "\tsample\t" in line)
    output = tmp_path / f"out.{form}"
    options = ["--format", form, "--language", "ja"]
    result = on_sample("export", "briefing", "--round", slug, "--output", str(output), *options)
    assert result.exit_code == 0, result.output
    assert output.read_bytes().startswith(begins)
    assert [path.name for path in tmp_path.iterdir()] == [output.name]
    assert list_actions(sampled)[0] == ("command:operator", "export.file")
    since = on_sample("export", "briefing", "--round", slug, "--output", str(output), *options, "--since", f"{slug}:1")
    assert since.exit_code == 0, since.output
    before = list_actions(sampled)
    unknown = on_sample("export", "briefing", "--round", slug, "--output", str(output), *options, "--since", "none:1")
    assert unknown.exit_code == 1 and "no table none:1 was given to the ministry" in unknown.output
    for arguments in (("none", str(tmp_path / "x")), (slug, str(tmp_path / "no" / "x"))):
        failed = on_sample("export", "briefing", "--round", arguments[0], "--output", arguments[1], *options)
        assert failed.exit_code == 1 and ("there is no round" in failed.output or "cannot be written" in failed.output)
    assert list_actions(sampled) == before and [path.name for path in tmp_path.iterdir()] == [output.name]


def test_an_export_that_fails_leaves_nothing(on_sample: Run, sampled: Path, tmp_path: Path) -> None:
    before = list_actions(sampled)
    unknown = on_sample("export", "csv", "--round", "none", "--output", str(tmp_path / "out.csv"))
    assert unknown.exit_code == 1
    assert "there is no round none" in unknown.output
    nowhere = on_sample("export", "csv", "--round", "trial", "--output", str(tmp_path / "no" / "out.csv"))
    assert nowhere.exit_code == 1
    assert "cannot be written" in nowhere.output
    assert list(tmp_path.iterdir()) == []
    assert list_actions(sampled) == before


def test_what_is_no_real_round_can_be_purged(installed: Run, tmp_path: Path) -> None:
    installed("sample")
    result = installed("sample", "--purge")
    assert result.exit_code == 0
    assert result.output.count("erased") == 3
    assert {line.split("\t")[5] for line in installed("rounds").output.splitlines()} == {"0"}
    assert ("command:operator", "round.purged") in list_actions(tmp_path)
    installed("sample")
    assert {line.split("\t")[5] for line in installed("rounds").output.splitlines()} == {"0"}


def test_a_round_is_prepared_scheduled_and_run_from_the_shell(installed: Run, tmp_path: Path) -> None:
    texts = tmp_path / "texts.yaml"
    texts.write_text(TEXTS.replace("ja: 3年間", 'ja: " "'), encoding="utf-8")
    times = ["--opens", "2026-01-01", "--closes", "2099-12-31T18:00"]
    prepared = installed("round", "prepare", "2026", "--texts", str(texts), "--invited-only", *times)
    assert prepared.output == "http://127.0.0.1:8000/desk/rounds/2026/settings\n"
    assert installed("rounds").output.split("\t")[:3] == ["2026", "in_preparation", "real"]
    refused = installed("round", "schedule", "2026", "--now")
    assert refused.exit_code == 1 and "text unfilled retention_text ja" in refused.output
    assert installed("round", "prepare", "2026", "--texts", str(texts), *times).exit_code == 1, "the name is taken"

    texts.write_text(TEXTS, encoding="utf-8")
    installed("round", "prepare", "2027", "--texts", str(texts), *times)
    assert "opens in the past" in installed("round", "schedule", "2027").output
    opened = installed("round", "schedule", "2027", "--now")
    assert opened.output.split("\t")[:2] == ["2027", "open"]
    assert installed("round", "unschedule", "2027").exit_code == 1
    assert installed("round", "extend", "2027", "--closes", "2099-12-30").exit_code == 1
    assert "2099-12-31T23:00+0900" in installed("round", "extend", "2027", "--closes", "2099-12-31T23:00").output
    assert installed("round", "close", "2027").output.split("\t")[1] == "closed"
    again = ["round", "reopen", "2027", "--closes", "2099-01-01"]
    assert installed(*again).exit_code == 2, "a reason is asked for"
    assert installed(*again, "--reason", " ").exit_code == 1
    assert installed(*again, "--reason", "Five more companies").output.split("\t")[1] == "open"
    assert installed("round", "close", "1999").output == "Error: there is no round '1999'\n"
    assert [action for _actor, action in list_actions(tmp_path)][:4] == [
        "round.reopened",
        "round.closed",
        "round.extended",
        "round.scheduled",
    ]


def test_wording_of_the_samples_opens_no_round(installed: Run, tmp_path: Path) -> None:
    texts = tmp_path / "texts.yaml"
    texts.write_text(TEXTS.replace("en: 3 years", "en: 3 years (sample wording)"), encoding="utf-8")
    times = ["--opens", "2026-01-01", "--closes", "2099-12-31T18:00"]
    refused = installed("round", "open", "2026", "--texts", str(texts), *times)
    assert refused.exit_code == 1 and "sample round: retention_text" in refused.output
