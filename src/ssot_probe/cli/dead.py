"""`ssot-probe dead`: may the legacy paths be deleted, and who or what still needs them."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timezone

import click

from ssot_probe.analysis.chosen_policy import ChosenPolicy, choose_policy
from ssot_probe.analysis.join import join
from ssot_probe.analysis.load import load, work_of
from ssot_probe.analysis.prometheus.fleet_counts import FleetCounts
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.retirement.deleted_names import Deletions
from ssot_probe.analysis.retirement.retirement import retire
from ssot_probe.analysis.retirement.rows import Retirement
from ssot_probe.analysis.retirement.subjects import is_path
from ssot_probe.analysis.retirement.verdicts import UNPROVED
from ssot_probe.analysis.wording import listing
from ssot_probe.cli.collection import without_collection
from ssot_probe.cli.deleted import deletions, nothing_deleted
from ssot_probe.cli.fleet import fleet_counts
from ssot_probe.cli.output import write
from ssot_probe.errors import NoEvidenceError, UsageError
from ssot_probe.report import json_report, text
from ssot_probe.report.dead_text import lines_of, why_lines
from ssot_probe.report.dead_view import dead_view
from ssot_probe.report.progress import progress
from ssot_probe.report.retirement.bans import import_linter, ruff
from ssot_probe.report.retirement.evidence_block import markdown
from ssot_probe.report.retirement.judged import judged_of, summary_of
from ssot_probe.report.segments import Line
from ssot_probe.report.view import View

EMITTED = ("ruff", "import-linter", "markdown")

PROVED, NO_EVIDENCE = 0, NoEvidenceError.exit_code


@click.command(short_help="Say of each legacy path whether it may be deleted, and why not.")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option(
    "--path", "paths", multiple=True, metavar="P", help="Judge this path: `module` or `module:Name`."
)
@click.option(
    "--why",
    metavar="P",
    help="Show what keeps this path alive: the first and the last witness, or the imports that lead to it.",
)
@click.option("--names", metavar="FILE", help="Judge every name in FILE, one in each line.")
@click.option("--diff", metavar="FILE", help="Judge every name that the diff in FILE deletes; - reads it.")
@click.option("--since", metavar="DAY", help="Let only what happened from this day on count, as 2026-01-31.")
@click.option(
    "--prometheus",
    metavar="URL|FILE",
    help="Compare with what a Prometheus counted over the whole fleet; FILE holds an answer of one.",
)
@click.option("--config", metavar="FILE", help="Judge by the policy in FILE.")
@click.option(
    "--format",
    "format_name",
    default="text",
    show_default=True,
    type=click.Choice(("text", "json")),
    help="Shape of the verdicts.",
)
@click.option(
    "--emit",
    type=click.Choice(EMITTED),
    help="Write what follows instead: a ban for a linter, or the evidence for the change that deletes.",
)
@click.option("--output", metavar="FILE", help="Write the verdicts to FILE instead of standard output.")
@without_collection()
def command(
    sources: tuple[str, ...],
    paths: tuple[str, ...],
    why: str | None,
    names: str | None,
    diff: str | None,
    since: str | None,
    prometheus: str | None,
    config: str | None,
    format_name: str,
    emit: str | None,
    output: str | None,
) -> int:
    """Judge by the recordings in SOURCE... whether paths may be deleted: those that the policy calls legacy.

    Recordings of many processes, hosts and days are read together, in any order. With the inventory among
    them, as `ssot-probe scan` writes it, imports that never ran count too. Silence alone proves nothing:
    every verdict says what it rests on, and what is missing.

    `git diff main | ssot-probe dead SOURCE --diff -` judges what a change deletes.

    Exit codes: 0 every path has a verdict, whatever it is; 2 wrong use; 3 nothing can be said of one of them.
    A path may go when its sentence says "safe to delete", which takes grade A.
    """
    _check_asked(paths, why, names, diff, emit, format_name)
    day = _day(since)
    problem: NoEvidenceError | None = None
    try:
        with progress(work_of(sources), sys.stderr) as advance:
            recording = load(sources, advance)
    except NoEvidenceError as error:
        if format_name != "json":
            raise
        problem, recording = error, Recording(())  # whoever reads JSON is told in it
    chosen = choose_policy(recording, config, os.environ, os.getcwd())
    deleted = deletions(names, diff, recording)
    asked = deleted.paths if deleted is not None else (why,) if why is not None else paths
    if deleted is not None and not asked:
        click.echo(nothing_deleted(deleted), err=True)
    counts = fleet_counts(prometheus, recording, day, os.environ) if prometheus is not None else None
    retirement = _retired(recording, chosen, asked, day, deleted, counts, with_chains=why is not None)
    problems = (str(problem.args[0]),) if problem is not None else ()
    view = dead_view(retirement, chosen, datetime.now(timezone.utc), deleted, problems)
    if emit is not None:
        options = {
            "config": config,
            "since": since,
            "prometheus": prometheus,
            "names": names,
            "diff": diff,
        }
        command_line = _command_line(sources, paths, options)
        write(_emitted(emit, retirement, chosen, command_line, output), output, "The verdicts lie")
    elif format_name == "json":
        write(json_report.render(view), output, "The verdicts lie")
    else:
        _show(why_lines(view) if why is not None else lines_of(view), output)
    if problem is not None:
        raise problem
    return exit_code(view)


def exit_code(view: View) -> int:
    """Return 3 where nothing can be said of a path or of a deleted definition, else 0."""
    is_unproved = any(row["verdict"] in UNPROVED for row in view["paths"])
    return NO_EVIDENCE if is_unproved or view["unplaced"] else PROVED


def _check_asked(
    paths: Sequence[str],
    why: str | None,
    names: str | None,
    diff: str | None,
    emit: str | None,
    format_name: str,
) -> None:
    for path in (*((why,) if why is not None else ()), *paths):
        if not is_path(path):
            raise UsageError(f"{path!r} is no path: write `package.module` or `package.module:Name`")
    if why is not None and paths:
        raise UsageError("--why asks for one path: leave --path away")
    given = {"--path": paths or None, "--why": why, "--names": names, "--diff": diff}
    used = [option for option, value in given.items() if value is not None]
    if len(used) > 1:
        raise UsageError(f"{listing(used)} ask for different paths: leave all but one away")
    if emit is not None and (why is not None or format_name != "text"):
        raise UsageError(f"--emit {emit} writes its own format: leave --why and --format away")


def _day(since: str | None) -> date | None:
    if since is None:
        return None
    try:
        return date.fromisoformat(since)
    except ValueError as error:
        raise UsageError(f"--since {since}: is no day such as 2026-01-31") from error


def _retired(
    recording: Recording,
    chosen: ChosenPolicy,
    asked: Sequence[str],
    since: date | None,
    deleted: Deletions | None,
    counts: FleetCounts | None,
    *,
    with_chains: bool,
) -> Retirement:
    legacy = [entry for concept in chosen.policy.concepts for entry in concept.legacy]
    if not asked and not legacy and deleted is None and recording.processes:
        raise UsageError(
            f"the policy ({chosen.source or chosen.found_by}) declares no legacy path: name one with --path"
        )
    return retire(
        recording,
        chosen.policy,
        join(recording),
        paths=asked if asked or deleted is not None else legacy,
        since=since,
        is_one_change=deleted is not None,
        with_chains=with_chains,
        constants=deleted.constants if deleted is not None else (),
        fleet=counts,
    )


def _command_line(sources: Sequence[str], paths: Sequence[str], options: Mapping[str, str | None]) -> str:
    """Return the command that gives the same verdicts again."""
    words = ["ssot-probe", "dead", *sources]
    for path in paths:
        words += ["--path", path]
    for name, value in options.items():
        words += [f"--{name}", value] if value is not None else []
    return shlex.join(words)


def _emitted(
    emit: str, retirement: Retirement, chosen: ChosenPolicy, command_line: str, output: str | None
) -> str:
    judged = [judged_of(row, chosen.policy) for row in retirement.rows]
    evidence = summary_of(retirement, command_line)
    if emit == "ruff":
        is_own = output is not None and os.path.basename(output) in ("ruff.toml", ".ruff.toml")
        return ruff(judged, evidence, is_pyproject=not is_own)
    return import_linter(judged, evidence) if emit == "import-linter" else markdown(judged, evidence)


def _show(lines: Iterable[Line], output: str | None) -> None:
    if output is None and text.wants_colour(sys.stdout, os.environ):
        from ssot_probe.report.terminal import print_lines

        print_lines(lines, sys.stdout)
        return
    write(text.plain(lines), output, "The verdicts lie")
