"""What the probe may say about a process's recording itself, and about what it cannot see."""

from __future__ import annotations

from typing import NamedTuple


class ProcessRecord(NamedTuple):
    """The state of the probe in one process, written when it starts, regularly, and when it stops."""

    state: str  # "started" | "alive" | "stopped"; "scanned" for an inventory of source code
    time: int
    armed: int  # since when the probe observed
    python: str  # version of the interpreter, as "3.12.1"
    packages: tuple[str, ...]  # first-party packages; empty where they were inferred file by file
    policy: str  # the policy in force, as JSON; empty in all but the first record
    observers: tuple[str, ...]  # what was listening, such as "finder", "tripwire", "makers:wrapt"
    user_key: str  # which key users are hashed with; hashes of different keys cannot be compared
    emitted: int  # records handed to the exporters so far, this one not counted
    dropped: tuple[str, ...]  # what was lost so far, as "reason=count"
    parent: str = ""  # the process that forked this one, where both are recorded
    control: str = ""  # "seen" | "missed": did the observers see what the probe does itself to try them?
    closed: str = ""  # of a stopped one: "exit" | "failed" | "sigterm" | "stop": its process went on
    directory: str = ""  # name of the list of processes that recorded into one directory; "" for none
    number: int = 0  # of this process in that list, from 1
    listed: int = 0


class UserSourceRecord(NamedTuple):
    """What has become of asking one source who the user is; the newest record of a source counts."""

    source: str  # as the policy writes it, a framework's name, or "arguments"
    kind: str  # "policy" | "framework" | "arguments"
    state: str  # "answered" | "silent": never yet | "missing": the policy's name is not in its module
    time: int


CHILD_PROCESSES = "child processes"
"""The subject of what is not seen of them."""


class BlindRecord(NamedTuple):
    """Something that the policy asks for and that cannot be observed here."""

    subject: str
    reason: str
    time: int
