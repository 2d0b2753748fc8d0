"""Public articles and rates, the same for everybody."""

from functools import lru_cache
from typing import Any

import httpx
from cachetools import TTLCache
from starlette.requests import Request
from starlette.responses import JSONResponse

SLUGS = ("welcome", "billing", "passwords", "limits")
_rates: TTLCache[str, dict[str, float]] = TTLCache(maxsize=64, ttl=5)


@lru_cache(maxsize=128)
def article(slug: str, language: str) -> dict[str, Any]:
    """The article of this name; rendering one takes a while."""
    if slug not in SLUGS:
        raise KeyError(slug)
    return {"slug": slug, "language": language, "text": f"All about {slug}. " * 20}


async def _answer(scope: Any, receive: Any, send: Any) -> None:
    """The rates of another service, which this one stands in for."""
    base = Request(scope).query_params.get("base", "EUR")
    await JSONResponse({"base": base, "rates": {"USD": 1.1, "CHF": 0.95}})(scope, receive, send)


client = httpx.AsyncClient(transport=httpx.ASGITransport(app=_answer), base_url="http://rates.invalid")


async def rates(base: str) -> dict[str, float]:
    """Exchange rates, asked for once in a while."""
    known = _rates.get(base)
    if known is None:
        response = await client.get("/latest", params={"base": base})
        known = _rates[base] = response.json()["rates"]
    return known
