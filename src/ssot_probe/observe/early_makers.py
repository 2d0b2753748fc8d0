"""Makers that somebody held before their wrapper was put on, and which of them run at the moment."""

from __future__ import annotations

from types import CodeType, FrameType

from ssot_probe.observe.makers import Maker

MOST_FRAMES = 32
"""Frames that are looked at for makers that were called past their wrappers."""


class EarlyMakers:
    """Makers that are also called past their wrappers, by whom held them before.

    What runs inside of such a call is found by looking at the frames around it.

    Attributes:
        makers: id of the code object -> the maker; empty as long as there is none.
    """

    def __init__(self) -> None:
        self.makers: dict[int, Maker] = {}
        self._known: dict[int, Maker] = {}  # the others too
        self._codes: list[CodeType] = []  # so that the ids above stay theirs

    def add(self, code: CodeType, maker: Maker, is_early: bool) -> None:
        """Know a maker by its code; look out for its calls where they go past its wrapper."""
        self._codes.append(code)
        self._known[id(code)] = maker
        if is_early:
            self.makers[id(code)] = maker

    def let_go(self, code: CodeType) -> None:
        """Look out no longer for calls of a maker."""
        self.makers.pop(id(code), None)

    def look_again(self, code: CodeType, maker: Maker) -> None:
        """Look out for its calls again."""
        self.makers[id(code)] = maker

    def chain(self, chain: tuple[Maker, ...], frame: FrameType | None) -> tuple[Maker, ...]:
        """Return the factories that run around the frame, those that were called past their wrappers too."""
        found = []
        for _ in range(MOST_FRAMES):
            if frame is None:
                break
            maker = self._known.get(id(frame.f_code))
            if maker is not None and maker not in found and not maker.is_resting:
                found.append(maker)
                if maker.trials:
                    maker.prove()
            frame = frame.f_back
        found.reverse()
        if set(found).issuperset(chain):
            return tuple(found)
        return (*(maker for maker in found if maker not in chain), *chain)
