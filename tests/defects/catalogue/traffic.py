"""The clients of a service: how often they come, and from where."""

import asyncio
import sys
import threading
import time

PAUSE = 0.02
SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
"""How long they keep coming; 0: twice, without a pause."""


def rounds():
    """Count for as long as clients come."""
    if not SECONDS:
        yield from range(2)
        return
    number, end = 0, time.monotonic() + SECONDS
    while time.monotonic() < end:
        yield number
        number += 1
        time.sleep(PAUSE)


async def arounds():
    """Count for as long as clients come, on an event loop."""
    if not SECONDS:
        for number in range(2):
            yield number
        return
    number, end = 0, time.monotonic() + SECONDS
    while time.monotonic() < end:
        yield number
        number += 1
        await asyncio.sleep(PAUSE)


def at_once(function, *arguments):
    """Call the function with each argument, each in a thread of its own, all at the same time."""
    barrier = threading.Barrier(len(arguments))
    results = [None] * len(arguments)

    def work(place, argument):
        barrier.wait()
        results[place] = function(argument)

    threads = [
        threading.Thread(target=work, args=(place, argument)) for place, argument in enumerate(arguments)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def in_one_thread(*jobs):
    """Run the jobs one after the other in one further thread, as a pool with one worker does."""
    thread = threading.Thread(target=lambda: [job() for job in jobs])
    thread.start()
    thread.join()
