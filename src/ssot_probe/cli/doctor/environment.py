"""What the environment and the policy file say: would they switch the probe on, and what would be missing."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping

from ssot_probe.cli.doctor.check import Check
from ssot_probe.errors import PolicyError, SettingsError
from ssot_probe.model.policy import Policy, watched_paths
from ssot_probe.settings import Settings, from_environment, is_on, read_user_key

CONNECT_SECONDS = 1.0
WRITTEN_BYTES = 512 * 1024 * 1024
"""What a process writes at most."""

FEWEST_FILES = 64
ROLE, ENVIRONMENT = "ssot.role", "deployment.environment.name"

_IN_MEMORY = frozenset({"tmpfs", "ramfs"})
_IN_IMAGE = frozenset({"overlay", "aufs"})
_ON_NETWORK = re.compile(r"nfs|cifs|smb|9p|ceph|lustre|glusterfs|fuse\.(sshfs|s3fs|gcsfuse)")
_WITH_SCHEME = re.compile(r"https?://[^/]", re.IGNORECASE)


def read_policy(settings: Settings) -> Policy:
    """Read the policy that these settings lead to, from here.

    Raises:
        PolicyError: it cannot be read.
    """
    from ssot_probe.probe import find_policy

    return find_policy(settings.config)


def switch(environ: Mapping[str, str]) -> Check:
    """Say whether the probe is switched on."""
    if is_on(environ):
        return Check("ok", "SSOT_PROBE is on")
    how = "set SSOT_PROBE=1, or start with `ssot-probe run -- COMMAND`"
    return Check("fail", f"SSOT_PROBE is off: {how}")


def settings_of(environ: Mapping[str, str]) -> tuple[Settings, Policy] | Check:
    """Return what the environment says, or what is wrong with it."""
    try:
        settings = from_environment(environ)
        policy = read_policy(settings)
        if settings.user_key_file:
            read_user_key(settings.user_key_file)
    except (PolicyError, SettingsError) as error:
        return Check("fail", f"{error}")
    return settings, policy


def checks_of(settings: Settings, policy: Policy, environ: Mapping[str, str]) -> Iterator[Check]:
    """Say what becomes of what is recorded under these settings."""
    yield from _policy(policy)
    if "file" in settings.exporters:
        yield from _directory(settings.directory)
    if "otlp" in settings.exporters:
        yield from _endpoint(settings, environ)
    if not settings.exporters:
        yield Check("fail", "SSOT_PROBE_EXPORT=none: nothing would be recorded")
    if not settings.sharing:
        yield Check("blind", "shared references: switched off by SSOT_PROBE_SHARING")
    if settings.sigterm is False and watched_paths(policy):
        yield Check("blind", "the end by SIGTERM: switched off by SSOT_PROBE_SIGTERM, so silence is VOID")
    yield from _limits()
    yield from _evidence(settings, policy)


def _policy(policy: Policy) -> Iterator[Check]:
    if not policy.source:
        yield Check("note", "no policy file: packages and concepts are inferred")
        return
    names = ", ".join(concept.name for concept in policy.concepts) or "none"
    yield Check("ok", f"policy {policy.source}, concepts: {names}")
    if not policy.concepts:
        yield Check("note", "the policy declares no concept: they are inferred from class names")


def _directory(directory: str) -> Iterator[Check]:
    existing = directory
    while not os.path.lexists(existing):
        existing = os.path.dirname(existing)
    if not os.path.isdir(existing):
        yield Check("fail", f"{directory} cannot be made, {existing} is a file: set SSOT_PROBE_DIR")
        return
    if not os.access(existing, os.W_OK | os.X_OK):
        yield Check("fail", f"{directory} cannot be written: set SSOT_PROBE_DIR")
        return
    yield Check("ok", f"recordings go to {directory}")
    yield from _listing(directory)
    kind = _file_system(os.path.realpath(existing))
    if kind in _IN_MEMORY:
        yield Check("note", f"{directory} is in memory ({kind}): gone with the machine")
    elif kind in _IN_IMAGE:
        yield Check("note", f"{directory} belongs to the container ({kind}) and goes with it: use a volume")
    elif _ON_NETWORK.match(kind):
        yield Check(
            "note", f"{directory} is on a network file system ({kind}): its list of processes may not hold"
        )
    status = os.statvfs(existing)
    free = status.f_bavail * status.f_frsize
    if free < WRITTEN_BYTES:
        most = WRITTEN_BYTES >> 20
        yield Check("note", f"{free >> 20} MiB are free for {directory}, a process may write {most}")


def _listing(directory: str) -> Iterator[Check]:
    """Look at the list of processes: another user's cannot be written to."""
    path = os.path.join(directory, "processes.list")
    if os.path.exists(path) and not os.access(path, os.W_OK):
        what = f"{path} is another user's: processes that are missing would not be noticed"
        yield Check("blind", f"{what}; give each user a directory")


def _file_system(path: str) -> str:
    """Return the kind of the file system that a path lies on, "" where nothing tells."""
    try:
        with open("/proc/self/mounts", encoding="utf-8", errors="replace") as file:
            mounts = [line.split()[1:3] for line in file]
    except (OSError, IndexError):
        return ""
    found = [
        (len(place), position, kind)
        for position, (place, kind) in enumerate(mounts)
        if path == place or path.startswith(place.rstrip("/") + "/")
    ]
    return max(found)[2] if found else ""


def _endpoint(settings: Settings, environ: Mapping[str, str]) -> Iterator[Check]:
    where = settings.otlp_endpoint or "http://localhost:4318"
    has_files = "file" in settings.exporters
    if environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        what = "OTEL_SDK_DISABLED: nothing is sent to a Collector"
        yield Check("note" if has_files else "fail", what)
        return
    is_grpc = environ.get("OTEL_EXPORTER_OTLP_PROTOCOL", "") == "grpc"
    if not is_grpc and not _WITH_SCHEME.match(where):
        what = f"{where} has no scheme, so nothing reaches the Collector: write http:// or https:// before it"
        yield Check("blind" if has_files else "fail", what)
        return
    shown = settings.otlp_endpoint or f"the default endpoint {where}"
    yield Check("ok", f"records go to {shown} as well" if has_files else f"records go to {shown}")
    why = _why_unreachable(where if "//" in where else f"//{where}", 4317 if is_grpc else 0)
    if why:
        kept = "local files have it" if has_files else "what cannot be sent is lost, counted"
        yield Check("note", f"nobody takes a connection at {where} from here ({why}): {kept}")


def _why_unreachable(url: str, port: int) -> str:
    import socket
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        port = parts.port or port or (443 if parts.scheme == "https" else 80)
        socket.create_connection((parts.hostname or "", port), CONNECT_SECONDS).close()
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or f"{error}"
    return ""


def _limits() -> Iterator[Check]:
    try:
        import resource
    except ImportError:  # no such limits there
        return
    largest, files = (resource.getrlimit(each)[0] for each in (resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE))
    if largest not in (-1, resource.RLIM_INFINITY) and largest < WRITTEN_BYTES:
        yield Check(
            "note", f"no file may be larger than {largest >> 10} KiB (ulimit -f): the rest is lost, counted"
        )
    if files not in (-1, resource.RLIM_INFINITY) and files < FEWEST_FILES:
        yield Check("note", f"{files} files may be open at once (ulimit -n); the probe needs up to four")


def _evidence(settings: Settings, policy: Policy) -> Iterator[Check]:
    """Compare what the process says of itself with what the policy asks for."""
    given = dict(settings.resource_attributes)
    for attribute, wanted in ((ENVIRONMENT, policy.dead.environments), (ROLE, policy.dead.roles)):
        value = given.get(attribute, "")
        if wanted and value not in wanted:
            names = " or ".join(wanted)
            what = f"{attribute} is {value or 'not set'}, [dead] asks for {names}"
            yield Check("blind", f"{what}: silence would not count; set OTEL_RESOURCE_ATTRIBUTES")
    if len(policy.dead.roles) > 1 and not settings.user_key_file:
        what = "no SSOT_PROBE_USER_KEY_FILE: one user has another hash in each service that is started"
        yield Check("note", what)
