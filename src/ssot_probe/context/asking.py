"""Asks one source of users, whatever it does: it may raise, block, construct what is observed, or be async.

All of that happens in the application's threads, at each event. So a source that is slow is not asked any
more, which the recording says.
"""

from __future__ import annotations

from _thread import get_ident
from collections.abc import Callable
from time import perf_counter_ns
from types import CoroutineType
from typing import Any

SLOW = 10_000_000
"""Nanoseconds after which an answer is slow. A thread that has to wait for others may take five million."""

MOST_SLOW = 5
"""Slow answers one after the other after which a source is not asked any more."""

STALLED = 1_000_000_000
"""Nanoseconds after which it is not asked again, the first time already."""

reading: set[int] = set()
"""Threads in which a source is being read: what it constructs is not observed."""


class SourceError(Exception):
    """Why a source is not asked any more."""


class Asking:
    """What became of asking one source.

    Attributes:
        source: as the policy writes it.
        has_answered: it has named a user.
        was_silent: it has named none.
        is_off: it is not asked any more.
    """

    __slots__ = ("_on_failure", "_slow", "has_answered", "is_off", "source", "was_silent")

    def __init__(self, source: str, on_failure: Callable[[str, BaseException], None]) -> None:
        self.source = source
        self.has_answered = self.was_silent = self.is_off = False
        self._on_failure = on_failure
        self._slow = 0

    def ask(self, read: Callable[[], str | None]) -> str | None:
        """Return what `read` does, None where it fails or has been too slow too often."""
        thread = get_ident()
        if self.is_off or thread in reading:
            return None
        user = None
        reading.add(thread)
        started = perf_counter_ns()
        try:
            user = read()
        except Exception as error:
            self.failed(error)
        finally:
            reading.discard(thread)
        taken = perf_counter_ns() - started
        if taken > SLOW:
            self._was_slow(taken)
        elif self._slow:
            self._slow = 0
        if user is None:
            self.was_silent = True
        else:
            self.has_answered = True
        return user

    def failed(self, error: BaseException) -> None:
        """Tell that the source raised; it is asked again all the same, as what it needs may be there then."""
        if isinstance(error, SourceError):
            self.is_off = True
        self._on_failure(self.source, error)

    @staticmethod
    def answer_of(function: Callable[[], Any]) -> Any:
        """Return what a callable of the application's returns.

        Raises:
            SourceError: it returns a coroutine, for which nobody can wait here.
        """
        answer = function()
        if type(answer) is CoroutineType:
            answer.close()  # unstarted, or Python would warn that it was never awaited
            raise SourceError("it is an async function, which cannot be waited for: name another source")
        return answer

    def _was_slow(self, taken: int) -> None:
        self._slow += 1
        if self._slow >= MOST_SLOW or taken >= STALLED:
            times = f"{self._slow} times in a row" if taken < STALLED else "at once"
            limit = SLOW if taken < STALLED else STALLED
            reason = f"it took over {limit // 1_000_000} ms, {times}: it is not asked any more"
            self.failed(SourceError(reason))
