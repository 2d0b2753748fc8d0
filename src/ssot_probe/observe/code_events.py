"""Sees what certain functions return or yield, whoever calls them, by the interpreter's own events (3.12).

A function that was held before its wrapper was put on is called past that; its code is the same.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from sys import _getframe
from types import CodeType, FrameType
from typing import Any

from ssot_probe.observe.call_sites import CallSites
from ssot_probe.observe.callers import around, consumer
from ssot_probe.observe.candidates import is_generator
from ssot_probe.observe.early_makers import EarlyMakers
from ssot_probe.observe.makers import Maker, ObservedClass
from ssot_probe.observe.recording import Recording, running_call

TOOL_IDS = (4, 3)
"""Numbers that no kind of tool has claimed for itself; the others are left to debuggers and coverage."""


class CodeEvents:
    """Listens to single code objects.

    Args:
        classes: class object -> what is known of it; looked up for each result.
        sites: where the call sites are.
        returned: notes that an instance was handed out.
        early: the makers that are called past their wrappers.
        on_failure: told of an error of ours.
    """

    def __init__(
        self,
        classes: dict[type, ObservedClass],
        sites: CallSites,
        returned: Recording,
        early: EarlyMakers,
        on_failure: Callable[[Maker, BaseException], None],
    ) -> None:
        self._classes = classes
        self._sites = sites
        self._returned = returned
        self._early = early
        self._on_failure = on_failure
        self._tool: int | None = None
        self._codes: list[CodeType] = []

    def follow(self, code: CodeType) -> bool:
        """Listen to a maker's code. False where this interpreter does not tell, or tells others already."""
        monitoring: Any = getattr(sys, "monitoring", None)  # 3.12
        if monitoring is None or (self._tool is None and not self._take_tool(monitoring)):
            return False
        event = monitoring.events.PY_YIELD if is_generator(code) else monitoring.events.PY_RETURN
        monitoring.set_local_events(self._tool, code, event)
        self._codes.append(code)
        return True

    def stop(self) -> None:
        """Listen no longer."""
        if self._tool is None:
            return
        monitoring: Any = getattr(sys, "monitoring", None)
        for code in self._codes:
            monitoring.set_local_events(self._tool, code, 0)
        monitoring.free_tool_id(self._tool)
        self._tool = None

    def _take_tool(self, monitoring: Any) -> bool:
        for number in TOOL_IDS:
            if monitoring.get_tool(number) is None:
                monitoring.use_tool_id(number, "ssot_probe")
                self._tool = number
                listener = self._listener()
                monitoring.register_callback(number, monitoring.events.PY_RETURN, listener)
                monitoring.register_callback(number, monitoring.events.PY_YIELD, listener)
                return True
        return False

    def _listener(self) -> Callable[[CodeType, int, Any], None]:
        classes, early, running = self._classes, self._early, running_call.get

        def ssot_probe_returned(code: CodeType, offset: int, value: Any) -> None:
            maker = early.makers.get(id(code))
            if maker is None or not maker.is_enabled:
                return
            try:
                if type(value).__name__ == "async_generator_wrapped_value":
                    (value,) = gc.get_referents(value)
                observed = classes.get(type(value))
                if observed is None:
                    return
                call = running()
                if call is not None and call[0] and call[0][-1] is maker:
                    return  # its wrapper sees it as well
                self._hand_out(maker, observed, value, _getframe(1))
            except Exception as error:
                self._on_failure(maker, error)

        return ssot_probe_returned

    def _hand_out(self, maker: Maker, observed: ObservedClass, value: Any, frame: FrameType) -> None:
        code = frame.f_code
        arguments: dict[str, Any] = {}
        if maker.readers:
            names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
            values = frame.f_locals
            arguments = {name: values[name] for name in names if name in values}
        if code.co_argcount and frame.f_locals.get(code.co_varnames[0]) is value:
            return  # a method that returns its own object
        caller = consumer(frame)
        call = running_call.get()
        chain = () if call is None else call[0] or ()
        place = caller.f_code, caller.f_lasti
        site = self._sites.at(maker, "returned", observed, *place, chain, around(caller))
        self._returned(site, value, (), arguments, frame=caller)
