"""Who is asking: importable by its name, which modules of Datasette's plugins directory are not."""

from contextvars import ContextVar

current = ContextVar("current", default=None)
