"""`questionnaire check`: what is wrong with a questionnaire, each finding with its line."""

from __future__ import annotations

from pathlib import Path

import click

from surveyapp.questionnaire.yaml_source import check_questionnaire


@click.group()
def questionnaire() -> None:
    """Questionnaires."""


@questionnaire.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def check(file: Path) -> None:
    """Check the YAML questionnaire FILE. Ends with 0 and no output, or with 1 and one line a finding:
    FILE:line: name: reason."""
    try:
        source = file.read_text(encoding="utf-8")
    except OSError as fault:
        raise click.ClickException(f"{file}: cannot be read: {fault.strerror}") from fault
    except UnicodeDecodeError as fault:
        line = fault.object[: fault.start].count(b"\n") + 1
        raise click.ClickException(f"{file}:{line}: file: is not UTF-8") from fault
    findings = check_questionnaire(source)
    for each in findings:
        click.echo(f"{file}:{each.line}: {each.name}: {each.reason}")
    if findings:
        raise SystemExit(1)
