"""How much anybody may ask of the server; all of it ours."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What a film, a request and a socket may be.

    Args:
        film_bytes: of a film.
        film_s: seconds a film may last.
        film_pixels: width times height of its pictures.
        chunk: bytes of a film sent at once.
        body: bytes of any other request.
        waiting: films of one profile that may wait at once.
        work_s: seconds an analysis may take.
        work_bytes: memory an analysis may use.
        work_files: bytes of any one file that it may write.
        sockets: that may be open at once.
        mistakes: messages on one socket that may be none of the protocol.
        poses_s: poses a second that are judged on one socket; of more, the newest.
        requests_s: requests a second from one address, over a while.
        requests: from one address at once.
        tokens: wrong tokens from one address in a minute.

    """

    film_bytes: int = 1024 * MIB
    film_s: float = 1200.0
    film_pixels: int = 4096 * 2304
    chunk: int = 4 * MIB
    body: int = 64 << 10
    waiting: int = 20
    work_s: float = 1800.0
    work_bytes: int = 4096 * MIB
    work_files: int = 2048 * MIB
    sockets: int = 256
    mistakes: int = 20
    poses_s: float = 60.0
    requests_s: float = 20.0
    requests: int = 200
    tokens: int = 10
