"""What is known of one piece of code that is listened to, and of each of its uses."""

from __future__ import annotations

from types import CodeType
from typing import Any, NamedTuple, Optional


class Target(NamedTuple):
    """What a use is told as, for one watched path."""

    path: str
    rung: str
    subject: str
    file: str  # where the subject is defined, as the interpreter knows it
    line: int
    name: str  # of the definition, qualified in its module
    module: str
    through: str = ""  # the subclass that it is used by


class Use(NamedTuple):
    """Uses of one piece of code at one place, for one purpose."""

    targets: tuple[Target, ...]
    code: Optional[CodeType]  # of the caller, None where it is no Python code
    offset: int
    importer: str  # name of the caller's module
    origin: str
    by_user: bool
    thread: str
    first: int
    counter: list[int]  # how often; how much of it was told, and when; when it happened last
    place: Optional[tuple[str, int, str, str]] = (
        None  # file, line, function and module, where no code says it
    )


class Ear:
    """What is known of one piece of code that is listened to.

    Attributes:
        targets: what a use of it is told as.
        code: of what is listened to; None where a wrapper hears it.
        asked: names that a module's `__getattr__` is listened to for; None where it is any other code.
        uses: what was heard, by place and purpose.
        is_resting: it is not listened to at the moment.
        has_rested: something may have been missed.
    """

    __slots__ = (
        *("_callers", "_hits", "_others", "_origins", "asked", "code", "has_rested"),
        *("is_resting", "is_worn", "made", "targets", "uses"),
    )

    def __init__(self, targets: tuple[Target, ...], code: CodeType | None) -> None:
        self.targets = targets
        self.code = code
        self.asked: dict[str, tuple[Target, ...]] | None = None
        self.made: dict[int, Any] = {}  # id of a frame -> its generator, noted already, that has not started
        self.forget()

    def forget(self) -> None:
        """Count from zero."""
        self.uses: dict[tuple[Any, ...], Use] = {}
        self._origins: dict[tuple[int, int], str] = {}
        self.has_rested = False
        self.begin()

    def begin(self) -> None:
        """Listen as long again."""
        self._callers: set[tuple[int, int]] = set()
        self._hits = self._others = 0
        self.is_resting = self.is_worn = False
