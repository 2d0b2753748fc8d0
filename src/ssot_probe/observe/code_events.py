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
from ssot_probe.observe.monitoring import Monitoring
from ssot_probe.observe.recording import Recording, running_call


class CodeEvents:
    """Listens to single code objects.

    Args:
        classes: class object -> what is known of it; looked up for each result.
        sites: where the call sites are.
        returned: notes that an instance was handed out.
        early: the makers that are called past their wrappers.
        on_failure: told of an error of ours.
        monitoring: tells of the events.
    """

    def __init__(
        self,
        classes: dict[type, ObservedClass],
        sites: CallSites,
        returned: Recording,
        early: EarlyMakers,
        on_failure: Callable[[Maker, BaseException], None],
        monitoring: Monitoring,
    ) -> None:
        self._monitoring = monitoring
        self._classes = classes
        self._sites = sites
        self._returned = returned
        self._early = early
        self._on_failure = on_failure
        self._followed: list[tuple[CodeType, str]] = []

    def follow(self, code: CodeType) -> bool:
        """Listen to a maker's code. False where this interpreter does not tell, or tells others already."""
        event = "PY_YIELD" if is_generator(code) else "PY_RETURN"
        if not self._followed:
            listener = self._listener()
            if not all(self._monitoring.on(name, listener) for name in ("PY_RETURN", "PY_YIELD")):
                return False
        if not self._monitoring.listen(code, event):
            return False
        self._followed.append((code, event))
        return True

    def retry(self, maker: Maker, code: CodeType) -> None:
        """Listen again to one that was let go."""
        if any(code is followed for followed, _ in self._followed):
            self._early.look_again(code, maker)
            self._monitoring.listen_again(code)

    def stop(self) -> None:
        """Listen no longer."""
        while self._followed:
            self._monitoring.ignore(*self._followed.pop())

    def _listener(self) -> Callable[[CodeType, int, Any], Any]:
        classes, early, running = self._classes, self._early, running_call.get
        disable = getattr(getattr(sys, "monitoring", None), "DISABLE", None)

        def ssot_probe_returned(code: CodeType, offset: int, value: Any) -> Any:
            maker = early.makers.get(id(code))
            if maker is None or maker.is_resting:
                early.let_go(code)
                return disable
            if not maker.is_enabled:
                return None
            try:
                if type(value).__name__ == "async_generator_wrapped_value":
                    (value,) = gc.get_referents(value)
                observed = classes.get(type(value))
                if observed is None:
                    if maker.trials:
                        maker.fail()
                    return None
                if maker.trials:
                    maker.prove()
                call = running()
                if call is not None and call[0] and call[0][-1] is maker:
                    return None  # its wrapper sees it as well
                self._hand_out(maker, observed, value, _getframe(1))
            except Exception as error:
                self._on_failure(maker, error)
            return None

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
