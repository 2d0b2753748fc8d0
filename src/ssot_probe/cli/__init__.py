"""The command line: a table of commands that are loaded when they are called, and one place for errors."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NamedTuple

import click

from ssot_probe.errors import ProbeError, UsageError
from ssot_probe.version import __version__

INTERRUPTED = 130
BROKEN_PIPE = 141


class Entry(NamedTuple):
    """A command: its name, the module that defines it as `command`, and what it does."""

    name: str
    module: str
    help: str


COMMANDS = (
    Entry("demo", "ssot_probe.cli.demo", "Run the bundled chat service before and after its consolidation."),
    Entry("run", "ssot_probe.cli.run", "Run a command under the probe."),
    Entry("init", "ssot_probe.cli.init", "Write a starting policy, inferred from source or a recording."),
    Entry("scan", "ssot_probe.cli.scan", "List what a source tree declares, without running it."),
    Entry("report", "ssot_probe.cli.report", "Show the findings of a recording."),
    Entry("dead", "ssot_probe.cli.dead", "Say of each legacy path whether it may be deleted, and why not."),
    Entry("explain", "ssot_probe.cli.explain", "Say what a finding means, how it is proved, how to mend it."),
    Entry("doctor", "ssot_probe.cli.doctor", "Say whether the probe would be active there."),
)


class CommandTable(click.Group):
    """A group that knows its commands by name and imports the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return [entry.name for entry in COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command of this name."""
        for entry in COMMANDS:
            if entry.name == cmd_name:
                command: click.Command = import_module(entry.module).command
                return command
        return None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; when nobody reads its output any more, it ends quietly."""
        try:
            result = super().invoke(ctx)
            if sys.stdout is not None:
                sys.stdout.flush()
        except BrokenPipeError:
            _drop_output()
            return BROKEN_PIPE
        except OSError as error:
            if error.filename is not None:
                raise
            _drop_output()
            raise UsageError(f"standard output cannot be written: {error.strerror}") from error
        return result

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help of all commands from the table, importing none."""
        with formatter.section("Commands"):
            formatter.write_dl([(entry.name, entry.help) for entry in COMMANDS])


@click.command(cls=CommandTable, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ssot-probe")
def commands() -> None:
    """Which import paths, factories and instances does a running Python service really use?

    Exit codes: 0 clean or done, 1 findings, 2 wrong use or unreadable input, 3 evidence missing or void.
    """


def _drop_output() -> None:
    """Let the interpreter's last flush of standard output succeed."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def execute(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code."""
    try:
        code = commands.main(args=arguments, prog_name="ssot-probe", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except ProbeError as error:
        click.echo(f"ssot-probe: {error}", err=True)
        return error.exit_code
    return code if isinstance(code, int) else 0


def main() -> None:
    """Run the command line of the process: the console entry point."""
    sys.exit(execute())
