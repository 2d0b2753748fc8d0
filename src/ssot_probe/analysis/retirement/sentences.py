"""One sentence for each verdict: what the silence proves, and what it does not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from ssot_probe.analysis.retirement.days import span_of
from ssot_probe.analysis.retirement.epochs import Doubt
from ssot_probe.analysis.retirement.grades import BEST
from ssot_probe.analysis.retirement.missing import Missing
from ssot_probe.analysis.retirement.verdicts import (
    CONTRADICTED,
    INSUFFICIENT,
    LIVE,
    LIVE_NON_APP,
    LOADED_BUT_UNUSED,
    NEVER_LOADED,
    NO_EVIDENCE,
    RESOLVED_NOT_LOADED,
    VOID,
)
from ssot_probe.analysis.retirement.window import Window
from ssot_probe.analysis.wording import listing, number, times

MOST_NAMED = 3
"""Of what is missing."""

INDEPENDENT_USES = 3
"""Zero uses in n independent days leave less than 3/n uses a day possible, with 95 % confidence."""


_USERS = {
    "test": "tests",
    "tooling": "tools",
    "sweep": "sweeps through modules",
    "health-check": "health checks",
}


class Story(NamedTuple):
    """What a sentence tells of."""

    verdict: str
    grade: str
    window: Window
    uses: int  # without the subclasses
    witness: str  # who used it first, in words; "" for nobody
    through: tuple[str, ...]  # the only names by which it is used
    origins: tuple[str, ...]  # other than the application
    loads: str  # who loaded it, in words
    tries: str  # who looked for it, in words
    missing: tuple[Missing, ...]
    doubts: tuple[Doubt, ...]
    void: tuple[str, ...]  # causes, each with how many processes
    why_none: str  # why there is no evidence
    contradiction: str
    since: date | None
    cycles: Sequence[str]
    traceless: str = ""  # what code that stays may do with it unseen
    former: str = ""  # what older versions of those who use it did, where no newer one does
    is_member: bool = False  # of a class: whoever imports the class need not want it
    is_at_least: bool = False  # there may have been more uses
    heirs: int = 0  # subclasses elsewhere


def sentence_of(story: Story) -> str:
    """Return the sentence."""
    sentence = _SENTENCES[story.verdict](story)
    if not story.former or story.verdict in (LIVE, LIVE_NON_APP):
        return sentence
    return f"{sentence.removesuffix('.')}; {story.former}."


def bound(days: int) -> float | None:
    """Return in how many days there is less than one use, with 95 % confidence; None where nothing is proved.

    Days count, not processes: workers of one day do the same things.
    """
    return days / INDEPENDENT_USES if days >= INDEPENDENT_USES else None


def causes_of(doubts: Iterable[Doubt]) -> tuple[str, ...]:
    """Return each cause with whom it is about, the most frequent first."""
    where: dict[str, set[str]] = defaultdict(set)
    for doubt in doubts:
        where[doubt.cause].add(doubt.process)
    ordered = sorted(where.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple(
        f"{cause} ({number(len(about), 'process')})" if len(about) > 1 else _about(next(iter(about)), cause)
        for cause, about in ordered
    )


def users(origins: Iterable[str]) -> str:
    """Return who made uses of these origins, in words."""
    return listing([_USERS.get(origin, f"the {origin}") for origin in origins])


def _about(process: str, cause: str) -> str:
    return f"{process}: {cause}" if process else cause


def _live(story: Story) -> str:
    through = f", only through {listing(story.through)}" if story.through else ""
    former = f" ({story.former})" if story.former else ""
    if not story.uses:
        inherit = "inherits" if story.heirs == 1 else "inherit"
        subclasses = number(story.heirs, "class")
        return f"{subclasses} of the application {inherit} from it: {story.witness}{former}."
    heirs = " and inherits from it" if story.heirs else ""
    used = times(story.uses, story.is_at_least)
    return f"The application used it {used}{heirs}{through}: {story.witness}{former}."


def _live_non_app(story: Story) -> str:
    silence = _doubt(story)
    used = f"used it, {times(story.uses, story.is_at_least)}" if story.uses else "inherit from it"
    return f"Only {users(story.origins)} {used} ({story.witness}), which proves no need; {silence}."


def _doubt(story: Story) -> str:
    if story.why_none:
        return f"whether the application does is not known, as {story.why_none}"
    if story.void:
        return f"whether the application does is not known, as {_causes(story.void, 2)}"
    if story.missing:
        return f"whether the application does is not settled: {story.missing[0]}"
    return f"the application did not, in {_silence(story)}"


def _never_loaded(story: Story) -> str:
    return f"Nobody looked for it, loaded it or used it in {_silence(story)}: {_proof(story)}."


def _resolved(story: Story) -> str:
    return (
        f"Nothing of it ran in {_silence(story)}, but it was looked for ({story.tries}), so somebody decides "
        f"at run time whether to use it: {_proof(story)}."
    )


def _loaded(story: Story) -> str:
    first = "" if story.is_member else "the imports have to go first, and "
    unseen = f", as far as can be seen ({story.traceless})" if story.traceless else ""
    loads = f" ({story.loads})" if story.loads else ""
    return (
        f"It was loaded{loads}, and nothing of it was constructed, called or inherited from in "
        f"{_silence(story)}{unseen}: {first}{_proof(story)}."
    )


def _insufficient(story: Story) -> str:
    days = [missing.earliest for missing in story.missing if missing.earliest]
    open_ended = any(missing.earliest is None for missing in story.missing)
    when = f", {max(days)} at the earliest" if days and not open_ended else ""
    named = [missing.what for missing in story.missing[:MOST_NAMED]]
    left = len(story.missing) - len(named)
    more = f"; and {number(left, 'more thing')}" if left else ""
    what = f"{'; '.join(named)}{more}{when}"
    return f"No use of it was seen in {_silence(story)}, which is not enough: {what}."


def _void(story: Story) -> str:
    return (
        f"No use of it was seen, and one may have gone unseen: {_causes(story.void, 3)}; this silence "
        "proves nothing."
    )


def _causes(causes: Sequence[str], limit: int) -> str:
    """Return the first of many causes: each may be a list itself."""
    more = [f"and {len(causes) - limit} more"] if len(causes) > limit else []
    return "; ".join([*causes[:limit], *more])


def _no_evidence(story: Story) -> str:
    loaded = f" (it was loaded: {story.loads})" if story.loads else ""
    return f"Nothing is known about it{loaded}, as {story.why_none}."


def _contradicted(story: Story) -> str:
    return (
        f"Source and recording cannot both be right: {story.contradiction}; take it for a fault of the probe "
        "or of what was scanned, and delete nothing."
    )


def _silence(story: Story) -> str:
    processes = number(len(story.window.epochs), "process")
    since = f" since {story.since}" if story.since else ""
    if not story.window.days:
        return f"{processes} without a day of valid evidence{since}"
    return f"{processes} over {span_of(story.window.days)}{since}"


def _proof(story: Story) -> str:
    days = bound(len(story.window.days))
    if days is None:
        count = len(story.window.days)
        silence = f"{number(count, 'day')} without a use {'proves' if count == 1 else 'prove'}"
        proved = f"{silence} nothing about what happens less often than daily"
        left = ""
    else:
        proved = f"less than one use in {days:.1f} days (95 %, as days count and workers of one day do not)"
        left = "" if story.cycles else ", and nothing is proved about what happens less often"
    if story.grade != BEST or story.verdict == RESOLVED_NOT_LOADED:
        return f"{proved}{left}"
    once = " once they have" if story.verdict == LOADED_BUT_UNUSED and not story.is_member else ""
    return f"{proved}; safe to delete{once}"


_SENTENCES = {
    LIVE: _live,
    LIVE_NON_APP: _live_non_app,
    NEVER_LOADED: _never_loaded,
    RESOLVED_NOT_LOADED: _resolved,
    LOADED_BUT_UNUSED: _loaded,
    INSUFFICIENT: _insufficient,
    VOID: _void,
    NO_EVIDENCE: _no_evidence,
    CONTRADICTED: _contradicted,
}
