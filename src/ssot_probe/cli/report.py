"""`ssot-probe report`: the findings of a recording."""

from __future__ import annotations

import os
import sys
from datetime import datetime, timezone
from typing import NamedTuple

import click

from ssot_probe.analysis.chosen_policy import choose_policy
from ssot_probe.analysis.judge import Judgement, judge
from ssot_probe.analysis.load import load, work_of
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.wording import number
from ssot_probe.cli.output import write
from ssot_probe.errors import NoEvidenceError, UsageError
from ssot_probe.model.finding import Severity
from ssot_probe.report import json_report, text
from ssot_probe.report.drawings import write_drawings
from ssot_probe.report.progress import progress
from ssot_probe.report.view import View, view_of

FORMATS = ("text", "json")
PLANNED_FORMATS = ("html", "sarif", "junit", "markdown")
SEVERITIES = tuple(severity.label for severity in Severity)

CLEAN, FINDINGS, NO_EVIDENCE = 0, 1, NoEvidenceError.exit_code


class Output(NamedTuple):
    """How a report is wanted, and where."""

    format: str
    file: str | None


@click.command(short_help="Show the findings of a recording.")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option(
    "--format",
    "format_name",
    default="text",
    show_default=True,
    type=click.Choice((*FORMATS, *PLANNED_FORMATS)),
    help="Shape of the report.",
)
@click.option("--output", metavar="FILE", help="Write the report to FILE instead of standard output.")
@click.option("--config", metavar="FILE", help="Judge by the policy in FILE.")
@click.option(
    "--baseline",
    multiple=True,
    metavar="SOURCE",
    help="An earlier recording or scan: show how far each migration has come since.",
)
@click.option(
    "--drawings",
    metavar="DIR",
    help="Draw the paths behind each SSOT303 into DIR: a .dot file, and an .svg where graphviz is installed.",
)
@click.option("--fail-on", type=click.Choice(SEVERITIES), help="Exit with 1 on findings this bad or worse.")
def command(
    sources: tuple[str, ...],
    format_name: str,
    output: str | None,
    config: str | None,
    baseline: tuple[str, ...],
    drawings: str | None,
    fail_on: str | None,
) -> int:
    """Judge the recording in SOURCE... and show what it proves.

    SOURCE is the directory of a recording, a file of OTLP JSON lines, of ours or of a Collector, or a
    ClickHouse that one writes into, as clickhouse://user@host/database. Where there is an inventory among
    them, as `ssot-probe scan` writes it, what the source declares is joined with what ran.
    """
    if format_name in PLANNED_FORMATS:
        raise UsageError(f"--format {format_name} is not there yet; use one of {', '.join(FORMATS)}")
    problem: NoEvidenceError | None = None
    try:
        recording = _loaded(sources)
    except NoEvidenceError as error:
        if format_name != "json":
            raise
        problem, recording = error, Recording(())  # whoever reads JSON is told in it
    chosen = choose_policy(recording, config, os.environ, os.getcwd())
    judgement = judge(recording, chosen.policy, baseline=_loaded(baseline) if baseline else None)
    problems = (str(problem.args[0]),) if problem is not None else ()
    view = view_of(judgement, chosen, datetime.now(timezone.utc), problems)
    _write(view, Output(format_name, output))
    if problem is not None:
        raise problem
    if drawings is not None:
        _draw(recording, judgement, drawings)
    return exit_code(judgement, fail_on)


def exit_code(judgement: Judgement, fail_on: str | None) -> int:
    """Return 1 for findings that the caller wants to fail on, 3 for missing evidence, else 0."""
    if fail_on is not None and judgement.at_least(Severity[fail_on.upper()]):
        return FINDINGS
    if judgement.evidence.void is not None or judgement.evidence.dropped:
        return NO_EVIDENCE
    return CLEAN


def _loaded(sources: tuple[str, ...]) -> Recording:
    with progress(work_of(sources), sys.stderr) as advance:
        return load(sources, advance)


def _write(view: View, output: Output) -> None:
    if output.file is None and output.format == "text" and text.wants_colour(sys.stdout, os.environ):
        from ssot_probe.report.terminal import print_to_terminal

        print_to_terminal(view, sys.stdout)
        return
    rendered = json_report.render(view) if output.format == "json" else text.render(view)
    write(rendered, output.file, "The report lies")


def _draw(recording: Recording, judgement: Judgement, directory: str) -> None:
    drawn = write_drawings(recording, judgement.findings, directory)
    note = f"; {drawn.note}" if drawn.note and drawn.graphs else ""
    click.echo(f"{number(len(drawn.graphs), 'drawing')} in {os.path.abspath(directory)}{note}", err=True)
