"""Programs that run another one, as a table: where its command begins, what it does to the environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Launcher(NamedTuple):
    """How a program runs another one.

    Attributes:
        valued: its options whose value is the next word.
        skipped: words that stand before the command, such as the seconds of `timeout`.
        drops: does it start the command with an environment of its own?
        only: the word that has to come first, such as `run`; other uses of it run no command.
        keeps_by: how to make it keep the variables.
        chooses: does it choose the environment of packages in which the command is found?
    """

    valued: str = ""
    skipped: int = 0
    drops: bool = False
    only: str = ""
    keeps_by: str = ""
    chooses: bool = False


LAUNCHERS: Mapping[str, Launcher] = {
    "catatonit": Launcher(),
    "chpst": Launcher("-u -U -e -b -m -d -o -p -f -c"),
    "chrt": Launcher("-T -P -D", skipped=1),
    "dumb-init": Launcher("-r --rewrite"),
    "exec": Launcher("-a"),
    "doppler": Launcher("-p -c --project --config --token", only="run"),
    "dotenvx": Launcher("-f --env-file", only="run"),
    "envdir": Launcher(skipped=1),
    "flock": Launcher("-E -w --timeout --conflict-exit-code", skipped=1),
    "gosu": Launcher(skipped=1),
    "ionice": Launcher("-c -n --class --classdata"),
    "linux32": Launcher(),
    "linux64": Launcher(),
    "nice": Launcher("-n --adjustment"),
    "nohup": Launcher(),
    "numactl": Launcher("-N -m -C -i -p"),
    "prlimit": Launcher(),
    "op": Launcher("--env-file --account", only="run"),
    "s6-envdir": Launcher(skipped=1),
    "s6-setuidgid": Launcher(skipped=1),
    "setarch": Launcher(skipped=1),
    "setpriv": Launcher("--reuid --regid --ruid --euid --rgid --egid --groups --inh-caps --bounding-set"),
    "setsid": Launcher(),
    "stdbuf": Launcher("-i -o -e --input --output --error"),
    "strace": Launcher("-o -e -s -u -E"),
    "su-exec": Launcher(skipped=1),
    "taskset": Launcher(skipped=1),
    "time": Launcher("-f -o --format --output"),
    "timeout": Launcher("-s -k --signal --kill-after", skipped=1),
    "tini": Launcher("-p -e"),
    "unbuffer": Launcher(),
    "xvfb-run": Launcher("-n -e -f -p -s -w"),
    "sudo": Launcher(
        "-u -g -h -p -C -r -t -T -U -D -R --user --group --host --prompt --chdir --chroot",
        drops=True,
        keeps_by="--preserve-env=SSOT_PROBE,SSOT_PROBE_DIR",
    ),
    "doas": Launcher("-u -C", drops=True, keeps_by="`keepenv` or `setenv` in doas.conf"),
    "ddtrace-run": Launcher(),
    "newrelic-admin": Launcher(only="run-program"),
    "opentelemetry-instrument": Launcher(
        "--traces_exporter --metrics_exporter --logs_exporter --id_generator --service_name",
    ),
    "dotenv": Launcher("-f --file -q --quote", only="run"),
    "honcho": Launcher("-f -e -d", only="run"),
    "conda": Launcher("-n -p --name --prefix --cwd", only="run", chooses=True),
    "hatch": Launcher("-e --env", only="run", chooses=True),
    "mamba": Launcher("-n -p --name --prefix --cwd", only="run", chooses=True),
    "micromamba": Launcher("-n -p --name --prefix --cwd", only="run", chooses=True),
    "pdm": Launcher("-p --project", only="run", chooses=True),
    "pipenv": Launcher(only="run", chooses=True),
    "poetry": Launcher("-C -P --directory --project", only="run", chooses=True),
    "rye": Launcher(only="run", chooses=True),
    "uv": Launcher(
        "-p --python --with --extra --group --project --directory --env-file",
        only="run",
        chooses=True,
    ),
}
"""Programs that run the command among their arguments on this machine."""

ELSEWHERE: Mapping[str, str] = {
    "docker": "-e SSOT_PROBE=1 and a volume for SSOT_PROBE_DIR; docs/deployment.md",
    "podman": "-e SSOT_PROBE=1 and a volume for SSOT_PROBE_DIR; docs/deployment.md",
    "nerdctl": "-e SSOT_PROBE=1 and a volume for SSOT_PROBE_DIR; docs/deployment.md",
    "docker-compose": "`environment:` of the service; docs/deployment.md",
    "kubectl": "`env:` of the container; docs/deployment.md",
    "ssh": "the environment over there",
    "systemctl": "`Environment=` of the unit; docs/deployment.md",
    "systemd-run": "--setenv=SSOT_PROBE=1 --setenv=SSOT_PROBE_DIR=…",
    "chroot": "the files of that root",
    "nsenter": "the files of that namespace",
}
"""Programs whose command runs where this environment, or this file system, does not reach; what to set."""

SUPERVISORS = frozenset(
    {"circusd", "foreman", "honcho", "overmind", "runsvdir", "s6-svscan", "supervisord", "hivemind"}
)
"""Programs that start what their own configuration says."""


class Step(NamedTuple):
    """What a launcher runs."""

    command: tuple[str, ...]
    options: tuple[str, ...]  # its own, with their values


def behind(launcher: Launcher, arguments: Sequence[str]) -> Step:
    """Return the command among the arguments of a launcher; an empty one where there is none."""
    valued = launcher.valued.split()
    skipped = launcher.skipped
    is_found = not launcher.only
    rest = list(arguments)
    options: list[str] = []
    while rest:
        word = rest[0]
        if word == "--" and is_found:
            rest.pop(0)
            break
        if word.startswith("-") and len(word) > 1:
            options.append(rest.pop(0))
            if word in valued and rest:
                options.append(rest.pop(0))
        elif not is_found:
            if word != launcher.only:
                return Step((), tuple(options))
            is_found = True
            rest.pop(0)
        elif skipped:
            skipped -= 1
            rest.pop(0)
        else:
            break
    del rest[:skipped]
    return Step(tuple(rest), tuple(options))
