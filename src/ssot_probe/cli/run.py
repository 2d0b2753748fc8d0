"""`ssot-probe run`: a command under the probe, in place of this process."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping

import click

from ssot_probe.errors import UsageError


@click.command(
    short_help="Run a command under the probe.", context_settings={"allow_interspersed_args": False}
)
@click.option("--config", type=click.Path(exists=True, dir_okay=False), help="Policy file.")
@click.option(
    "--out", type=click.Path(file_okay=False), help="Where recordings go.  [default: ssot-probe-data]"
)
@click.option("--service", help="Name of the service in the recording.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def command(config: str | None, out: str | None, service: str | None, command: tuple[str, ...]) -> None:
    """Run COMMAND under the probe: `ssot-probe run -- python -m chat`.

    The environment is set and this process becomes COMMAND, so signals and exit codes are its own. Works
    for installed wheels, editable installs and `pip install --target` trees.
    """
    program = shutil.which(command[0])
    if program is None:
        raise UsageError(f"there is no command {command[0]!r}; write `ssot-probe run -- COMMAND ARGUMENTS`")
    environment = environment_for(os.environ, config, out, service)
    try:
        os.execve(program, list(command), environment)
    except OSError as error:
        raise UsageError(f"{program} cannot be run: {error.strerror}") from error


def environment_for(
    environ: Mapping[str, str], config: str | None = None, out: str | None = None, service: str | None = None
) -> dict[str, str]:
    """Return the environment in which a Python program starts under the probe.

    PYTHONPATH gains one entry in front, which the program's own `sys.path` does not keep; every entry that
    was there stays, in its order.
    """
    environment = dict(environ)
    environment["SSOT_PROBE"] = "1"
    if config:
        environment["SSOT_PROBE_CONFIG"] = os.path.abspath(config)
    if out:
        environment["SSOT_PROBE_DIR"] = os.path.abspath(out)
    if service:
        environment["OTEL_SERVICE_NAME"] = service
    bootstrap = bootstrap_directory()
    given = environ.get("PYTHONPATH", "")
    entries = given.split(os.pathsep) if given else []  # an empty one among others is the current directory
    others = [entry for entry in entries if entry != bootstrap]
    environment["PYTHONPATH"] = os.pathsep.join([bootstrap, *others])
    return environment


def bootstrap_directory() -> str:
    """Return the directory whose sitecustomize starts the probe."""
    return os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "bootstrap")
