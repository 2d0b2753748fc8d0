"""Keeps the code object of a module that is being loaded: all that the module defines is in it."""

from __future__ import annotations

from importlib.machinery import SourceFileLoader, SourcelessFileLoader
from types import CodeType
from typing import Any, Optional

from ssot_probe.observe.unseen_frames import leave_out

_NAME = "get_code"


class Capture:
    """Stands in front of one loader's `get_code`, from `begin` until the module has been loaded.

    Such a loader belongs to one module; nothing but the code object goes through here.
    """

    def __init__(self, loader: Any) -> None:
        self._loader = loader
        self.code: Optional[CodeType] = None

    def begin(self) -> bool:
        """Put it in place. False where the loader has none of the usual kind."""
        if not isinstance(self._loader, (SourceFileLoader, SourcelessFileLoader)):
            return False
        attributes = vars(self._loader)
        if _NAME in attributes:
            return False
        attributes[_NAME] = _keeping(self, self._loader)
        return True

    def end(self) -> None:
        """Take it away again."""
        vars(self._loader).pop(_NAME, None)


def _keeping(capture: Capture, loader: Any) -> Any:
    def get_code(fullname: str) -> Any:
        try:
            code = type(loader).get_code(loader, fullname)
        except BaseException as error:
            leave_out(error)
            raise
        capture.code = code
        return code

    # Tracebacks leave this frame out, as they do with importlib's own.
    get_code.__code__ = get_code.__code__.replace(
        co_filename="<frozen importlib._bootstrap_external>", co_name="_call_with_frames_removed"
    )
    return get_code
