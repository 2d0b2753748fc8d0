"""For how many calls the user was known, and what became of asking who it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ssot_probe.analysis.membership import Members
from ssot_probe.analysis.recording import Recording
from ssot_probe.analysis.wording import listing
from ssot_probe.model.records import UserSourceRecord

_DID = {
    "answered": "answered for others",
    "silent": "never answered",
    "missing": "is not in its module",
}
"""What is said of a source in each state, the best first."""


class Attribution(NamedTuple):
    """How much is known of the users of what they may not share."""

    calls: int  # of makers of these concepts
    attributed: int  # of these, calls for which a user was known
    uses: int  # first calls of a user on an instance's methods
    sources: tuple[tuple[str, str], ...] = ()  # what was asked, and what became of it in any process

    @property
    def is_missing(self) -> bool:
        """Were there calls, and a user for none of them? Then nothing is known of what users share."""
        return self.calls > 0 and not self.attributed and not self.uses


def attribution(recording: Recording, concepts: Sequence[Members]) -> Attribution:
    """Add up the calls for which a user should be known, over all processes."""
    classes = [
        cls for members in concepts if members.concept.isolation != "process" for cls in members.judged
    ]
    makes = [make.record for make in recording.makes_of(classes)]
    names = {cls.name for cls in classes}
    return Attribution(
        calls=sum(record.count for record in makes),
        attributed=sum(record.count - record.unattributed for record in makes),
        uses=sum(count for (_, cls), count in recording.uses.items() if cls in names),
        sources=_sources(recording),
    )


def wording(sources: Sequence[tuple[str, str]]) -> str:
    """Return which sources were asked and what each did, "" where none was."""
    return listing([f"{_name(source)} {_DID[state]}" for source, state in sources])


def _sources(recording: Recording) -> tuple[tuple[str, str], ...]:
    """Return what was asked, each with the best that became of it."""
    order = list(_DID)
    states: dict[str, str] = {}
    newest: dict[tuple[str, str], UserSourceRecord] = {}
    for process, record in recording.of(UserSourceRecord):
        known = newest.get((process, record.source))
        if known is None or known.time <= record.time:
            newest[process, record.source] = record
    for record in newest.values():
        before = states.get(record.source)
        if record.state in order and (before is None or order.index(record.state) < order.index(before)):
            states[record.source] = record.state
    return tuple(sorted(states.items()))


def _name(source: str) -> str:
    return "arguments by their names" if source == "arguments" else source
