"""The tools an agent may call."""

import asyncio

WORD_COUNT = "word_count"


async def word_count(text: str) -> int:
    """How many words a text has (stands in for a slow call to another service)."""
    await asyncio.sleep(0.12)
    return len(text.split())
