"""What holds for every test."""

from __future__ import annotations

import signal

# A shell that runs this in the background has it ignore SIGINT, and so would all programs that it starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
