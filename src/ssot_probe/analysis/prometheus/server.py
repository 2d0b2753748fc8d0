"""Asks a Prometheus over HTTP. What authorizes is read from the environment or a file, and never told."""

from __future__ import annotations

import base64
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException, HTTPMessage
from time import monotonic
from typing import IO, Any

from ssot_probe.analysis.prometheus.answer import error_in
from ssot_probe.errors import PrometheusError, UsageError

PATH = "/api/v1/query"

TIMEOUT = 120.0
"""Seconds for everything."""

MOST_BYTES = 256 << 20

TOKEN, BASIC = "SSOT_PROBE_PROMETHEUS_TOKEN", "SSOT_PROBE_PROMETHEUS_BASIC"
"""A bearer token, or "user:password"; with _FILE behind it, the file that holds it."""

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class _NoRedirection(urllib.request.HTTPRedirectHandler):
    """Follows nothing: the token would go along."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        """Let the answer be an error."""


def is_address(text: str) -> bool:
    """Is this an address, and not a file?"""
    return "://" in text


def ask(address: str, query: str, environ: Mapping[str, str], timeout: float = TIMEOUT) -> str:
    """Return the answer to a question, as it comes.

    Args:
        address: of Prometheus, without the path of its interface.
        query: an expression.
        environ: may hold what authorizes.
        timeout: seconds.

    Raises:
        UsageError: the address, or what authorizes, is not what it should be.
        PrometheusError: there is no answer.
    """
    parts = _parts(address)
    request = urllib.request.Request(
        f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}{PATH}?"
        + urllib.parse.urlencode({"query": query, "timeout": f"{timeout:g}s"}),
        headers={"Accept": "application/json", **_authorization(environ)},
    )
    handlers: list[Any] = [_NoRedirection()]
    if parts.hostname in _LOOPBACK:
        handlers.append(urllib.request.ProxyHandler({}))
    opener = urllib.request.build_opener(*handlers)
    try:
        with opener.open(request, timeout=timeout) as response:
            return _read(response, address, timeout)
    except urllib.error.HTTPError as error:
        with error:
            raise PrometheusError(f"{address}: {_refusal(error)}") from error
    except ssl.SSLError as error:
        raise PrometheusError(f"{address}: TLS failed: {error.reason or error}") from error
    except urllib.error.URLError as error:
        raise PrometheusError(f"{address}: cannot be reached: {_why(error.reason)}") from error
    except TimeoutError as error:
        raise PrometheusError(f"{address}: did not answer within {timeout:g} s") from error
    except (OSError, HTTPException) as error:
        raise PrometheusError(f"{address}: broke off: {_why(error)}") from error


def _parts(address: str) -> urllib.parse.SplitResult:
    try:
        parts = urllib.parse.urlsplit(address)
        is_whole = bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError as error:
        raise UsageError(f"--prometheus: is no address such as http://prometheus:9090 ({error})") from error
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            f"--prometheus: leave user and password out of the address, and set {BASIC} or {BASIC}_FILE"
        )
    if parts.scheme not in ("http", "https") or not is_whole or parts.query or parts.fragment:
        raise UsageError(f"--prometheus {address}: is no address such as http://prometheus:9090")
    return parts


def _authorization(environ: Mapping[str, str]) -> dict[str, str]:
    token, basic = _secret(TOKEN, environ), _secret(BASIC, environ)
    if token and basic:
        raise UsageError(f"{TOKEN} and {BASIC} are both set: leave one away")
    if token:
        return {"Authorization": f"Bearer {token}"}
    if not basic:
        return {}
    if ":" not in basic:
        raise UsageError(f"{BASIC}: has no colon; it is user:password")
    return {"Authorization": f"Basic {base64.b64encode(basic.encode()).decode()}"}


def _secret(name: str, environ: Mapping[str, str]) -> str:
    path = environ.get(f"{name}_FILE", "")
    secret = environ.get(name, "")
    if path:
        try:
            with open(path, encoding="utf-8") as file:
                secret = file.read()
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text"
            raise UsageError(f"{name}_FILE: {path} cannot be read: {why}") from error
    secret = secret.strip()
    if not (secret.isascii() and secret.isprintable()):
        raise UsageError(f"{name}: holds characters that no header may have")
    return secret


def _read(response: Any, address: str, timeout: float) -> str:
    """Read an answer, which may trickle, within the time."""
    deadline = monotonic() + timeout
    read, size = [], 0
    while chunk := response.read1(1 << 20):
        read.append(chunk)
        size += len(chunk)
        if size > MOST_BYTES:
            raise PrometheusError(f"{address}: the answer is longer than {MOST_BYTES >> 20} MiB")
        if monotonic() > deadline:
            raise PrometheusError(f"{address}: did not finish its answer within {timeout:g} s")
    expected = response.getheader("Content-Length")
    if expected is not None and expected.isdigit() and size < int(expected):
        raise PrometheusError(f"{address}: the answer is cut off")
    return b"".join(read).decode("utf-8", "replace")


def _refusal(error: urllib.error.HTTPError) -> str:
    """Return in words why there is no answer."""
    if error.code in (401, 403):
        return f"answered {error.code}: set {TOKEN} or {BASIC}, or the file of either ({TOKEN}_FILE)"
    if error.code in (301, 302, 303, 307, 308):
        target = urllib.parse.urlsplit(error.headers.get("Location", ""))._replace(query="", fragment="")
        return (
            f"answered {error.code}, go to {target.hostname or target.path or 'nowhere'}: no redirection is "
            "followed, so give the address where Prometheus itself is"
        )
    try:
        said = error_in(error.read(1 << 20).decode("utf-8", "replace"))
    except (OSError, HTTPException):
        said = ""
    if said:
        return f"answered {error.code}: {said}"
    hint = f": is {PATH} of a Prometheus below this address?" if error.code == 404 else ""
    return f"answered {error.code}{hint}"


def _why(reason: object) -> str:
    if isinstance(reason, TimeoutError):
        return "it did not answer in time"
    return getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
