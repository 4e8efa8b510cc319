"""Who may come in, and what every answer carries: the outermost layer of the server.

::

    request ─► Host ours? ─► Origin ours? ─► not too often? ─► token? ─► not too long? ─► app

On loopback there is no token; there the Host must be a name of loopback, so that no foreign name can be made to
point here (DNS rebinding). Elsewhere the token is a cookie that pairing sets, or a bearer's.
"""

from __future__ import annotations

import hmac
import time
from collections import OrderedDict
from collections.abc import Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from poise.language import words
from poise.server.limits import Limits

COOKIE = "poise-token"
#: Nothing from elsewhere, nothing inline; WebAssembly is what the page's pose network is.
CSP = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; style-src 'self'; font-src 'self'; manifest-src 'self'; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
#: Reports are one file each, which names its own script and style by their hash; beside it only its film is needed.
REPORT_CSP = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src 'self' data:; "
    "media-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_ALWAYS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
}
_LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}
_SAFE = {"GET", "HEAD", "OPTIONS"}
_PAIR = (
    "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    "<title>poise</title><h1>Pair this device</h1><p>Scan the QR code in the terminal in which poise was started, "
    "or open the address that is printed below it.</p></html>"
)


class Allowance:
    """So many at once, and so many a second over a while, for each address."""

    def __init__(self, at_once: float, per_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._at_once, self._per_s, self._clock = at_once, per_s, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, who: str, count: float = 1.0) -> bool:
        """Whether there is one left for this address; if so it is taken."""
        now = self._clock()
        left, then = self._left.pop(who, (self._at_once, now))
        left = min(self._at_once, left + (now - then) * self._per_s)
        self._left[who] = (left - count if left >= count else left, now)
        while len(self._left) > 10_000:
            self._left.popitem(last=False)
        return left >= count


class Guard:
    """Lets requests and sockets through to an app, or answers them itself.

    Args:
        app: what is guarded.
        limits: how often and how much.
        token: what those from elsewhere must know; None on loopback.

    """

    def __init__(self, app: ASGIApp, limits: Limits, token: str | None) -> None:
        self._app = app
        self._limits = limits
        self._token = token
        self._requests = Allowance(limits.requests, limits.requests_s)
        self._guesses = Allowance(limits.tokens, limits.tokens / 60)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, one socket, or the app's start and stop."""
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        headers = Headers(scope=scope)
        if refusal := self._refusal(scope, headers):
            if scope["type"] == "websocket":
                return await send({"type": "websocket.close", "code": 1008, "reason": ""})
            return await refusal(scope, receive, _told(send, scope))
        return await self._app(scope, receive, send if scope["type"] == "websocket" else _told(send, scope))

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        host, origin, path = headers.get("host", ""), headers.get("origin"), scope["path"]
        changes = scope["type"] == "websocket" or scope["method"] not in _SAFE
        who = scope["client"][0] if scope.get("client") else ""
        if self._token is None and host.rpartition(":")[0] not in _LOOPBACK and host not in _LOOPBACK:
            return _refused(421, "This server is called localhost.", "Open it under that name.")
        if changes and (not _own(origin, host) or headers.get("sec-fetch-site") == "cross-site"):
            return _refused(403, "This request comes from another page.", "Open poise's own page.")
        if path.startswith(("/api", "/ws", "/watch", "/pair")) and not self._requests.take(who):
            return _later()
        if self._token is not None:
            if path == "/pair" and scope["type"] == "http":
                return self._pairing(scope, who)
            given = _given(headers)
            if given is None or not hmac.compare_digest(given.encode(), self._token.encode()):
                if given is not None and not self._guesses.take(who):
                    return _later()
                if path.startswith(("/api", "/ws", "/watch", "/openapi")):
                    return _refused(401, "This device is not paired.", "Scan the QR code in poise's terminal.")
                return HTMLResponse(_PAIR, 401)
        return self._too_long(scope, headers)

    def _too_long(self, scope: Scope, headers: Headers) -> Response | None:
        if scope["type"] == "websocket" or scope["method"] in _SAFE:
            return None
        most = self._limits.chunk if scope["method"] == "PUT" else self._limits.body
        length = headers.get("content-length", "0")
        if "transfer-encoding" in headers or not (length.isascii() and length.isdigit()):
            return _refused(411, "The request does not say how long it is.", "Send a Content-Length.")
        if len(length) > 15 or int(length) > most:
            return _refused(413, f"The request has more than {most} bytes.", "Send less at once.")
        return None

    def _pairing(self, scope: Scope, who: str) -> Response:
        (given, *_) = [*parse_qs(scope["query_string"].decode("latin-1")).get("token", []), ""]
        assert self._token is not None
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            return HTMLResponse(_PAIR, 401) if self._guesses.take(who) else _later()
        answer = Response(status_code=303, headers={"Location": "/"})
        secure = scope["scheme"] in ("https", "wss")
        answer.set_cookie(COOKIE, given, max_age=400 * 86_400, httponly=True, samesite="strict", secure=secure)
        return answer


def _own(origin: str | None, host: str) -> bool:
    """Whether a request comes from our own page, or from no page at all."""
    return origin is None or origin in (f"https://{host}", f"http://{host}")


def _given(headers: Headers) -> str | None:
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return bearer.strip()
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return cookie.value if cookie else None


def _refused(status: int, message: str, hint: str) -> Response:
    return JSONResponse({"message": message, "hint": hint}, status)


def _later() -> Response:
    return JSONResponse(
        {"message": words("Too many requests."), "hint": words("Wait a little.")}, 429, {"Retry-After": "5"}
    )


def _told(send: Send, scope: MutableMapping[str, Any]) -> Send:
    """The same, with what every answer carries."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.setdefault("Content-Security-Policy", CSP)
            headers.setdefault("Cache-Control", "no-store" if scope["path"].startswith("/api") else "no-cache")
            for name, value in _ALWAYS.items():
                headers[name] = value
        await send(message)

    return sending
