"""The probe's place among the tools that the interpreter tells of events of single code objects (3.12).

There is one for all that the probe listens to. Never are events asked for globally, and never are all that
were disabled begun again: that would disturb coverage and debuggers.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import CodeType
from typing import Any

from ssot_probe.observe.turns import Turns

TOOL_IDS = (4, 3)
"""Numbers that no kind of tool has claimed for itself; the others are left to debuggers and coverage."""

NAME = "ssot_probe"


class Monitoring:
    """Listens to events of code objects, by the names that `sys.monitoring.events` gives them."""

    def __init__(self) -> None:
        self._monitoring: Any = getattr(sys, "monitoring", None)
        self._tool = -1
        self._codes: dict[int, tuple[CodeType, int]] = {}
        self._changing = Turns()  # modules are loaded in any thread, while the recorder listens again

    @property
    def is_there(self) -> bool:
        """Does this interpreter tell of events, and is there a place for one more tool?"""
        return self._monitoring is not None and (self.is_ours or self._take_place())

    @property
    def is_ours(self) -> bool:
        """Does the place still belong to the probe?"""
        return self._tool >= 0 and self._monitoring.get_tool(self._tool) == NAME

    def on(self, event: str, callback: Callable[..., Any]) -> bool:
        """Have a function called for one kind of event. False where nobody tells of any."""
        if not self.is_there:
            return False
        self._monitoring.register_callback(self._tool, self._number(event), callback)
        return True

    def listen(self, code: CodeType, event: str) -> bool:
        """Listen to one more kind of event of a code object. False where nobody tells of any."""
        if not self.is_there:
            return False
        with self._changing:
            self._set(code, self.asked_for(code) | self._number(event))
        return True

    def ignore(self, code: CodeType, event: str) -> None:
        """Listen no longer to one kind of event of a code object."""
        if self.is_ours:
            with self._changing:
                self._set(code, self.asked_for(code) & ~self._number(event))

    def listen_again(self, code: CodeType) -> None:
        """Be told again of events of a code object whose callback has disabled them; only the probe is."""
        if self.is_ours:
            with self._changing:
                events = self.asked_for(code)
                self._set(code, 0)
                self._set(code, events)

    def asked_for(self, code: CodeType) -> int:
        """Return the events of a code object that are listened to, as a bit set."""
        known = self._codes.get(id(code))
        return 0 if known is None else known[1]

    def hears(self, code: CodeType) -> bool:
        """Is a code object listened to, by just the events that were asked for?"""
        with self._changing:
            events = self.asked_for(code)
            return self.is_ours and events != 0 and self._heard(code) == events

    def is_turned_off(self, code: CodeType) -> bool:
        """Does something else than the events that were asked for come, by somebody else's doing?"""
        with self._changing:
            return self.asked_for(code) != 0 and not self.hears(code)

    def after_fork_in_child(self) -> None:
        """Wait for no thread that is not in this process."""
        self._changing = Turns()

    def stop(self) -> None:
        """Listen to nothing any more, and give the place back."""
        with self._changing:
            if self.is_ours:
                for code, _ in list(self._codes.values()):
                    self._monitoring.set_local_events(self._tool, code, 0)
                self._monitoring.free_tool_id(self._tool)
            self._codes.clear()
            self._tool = -1

    def _take_place(self) -> bool:
        if self._tool >= 0:
            return False  # somebody took it away: whoever has it now is not to be disturbed
        for number in TOOL_IDS:
            if self._monitoring.get_tool(number) is None:
                self._monitoring.use_tool_id(number, NAME)
                self._tool = number
                return True
        return False

    def _number(self, event: str) -> int:
        number: int = getattr(self._monitoring.events, event)
        return number

    def _heard(self, code: CodeType) -> int:
        events: int = self._monitoring.get_local_events(self._tool, code)
        return events

    def _set(self, code: CodeType, events: int) -> None:
        self._monitoring.set_local_events(self._tool, code, events)
        self._codes[id(code)] = (code, events)  # with the code, so that its id stays its
