"""``poise serve``, ``poise live``, ``poise worker``: the coach in the browser."""

from __future__ import annotations

import webbrowser
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from poise.cli.app import app, out, progress_bar
from poise.errors import InputError, MissingExtra

if TYPE_CHECKING:
    from poise.server.serve import Place
    from poise.server.settings import Settings

Host = Annotated[
    str,
    typer.Option(help="The interface to listen on; 0.0.0.0 for all, so that phones can come in with a QR code."),
]
Port = Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on; 0 for any that is free.")]
Data = Annotated[
    Path | None,
    typer.Option(
        help="The folder of history, films and keys; your own data folder unless given.", show_default=False
    ),
]
Database = Annotated[
    str,
    typer.Option(help="Keep history in this database, such as postgresql://name@host/poise.", show_default=False),
]
QueueUrl = Annotated[
    str, typer.Option("--queue", help="Let films wait in Redis, such as redis://host/0.", show_default=False)
]
Workers = Annotated[int, typer.Option(min=0, help="Processes that analyse films.")]
KeepDays = Annotated[
    float | None,
    typer.Option(
        min=0, help="Delete sessions older than so many days; unless given they are kept.", show_default=False
    ),
]
Certificate = Annotated[
    Path | None,
    typer.Option(help="A certificate of your own (PEM); a self-made one unless given.", show_default=False),
]
Key = Annotated[Path | None, typer.Option(help="Its private key (PEM).", show_default=False)]
Tls = Annotated[bool, typer.Option(help="Encrypt what comes from other machines.")]
NewToken = Annotated[bool, typer.Option("--new-token", help="Make devices that were paired pair again.")]
Classifier = Annotated[
    Path | None,
    typer.Option(
        help="A classifier of your own (.onnx, .tflite) that is asked beside the coach, and shown.",
        show_default=False,
    ),
]
Labels = Annotated[
    str, typer.Option(help="What its outputs are called, for files that do not say: good,bad", show_default=False)
]
NoNetwork = Annotated[
    bool, typer.Option("--no-network", help="Refuse every connection of poise's own to another machine.")
]


@app.command("serve")
def serve(
    host: Host = "127.0.0.1",
    port: Port = 8765,
    data: Data = None,
    database: Database = "",
    queue: QueueUrl = "",
    workers: Workers = 1,
    keep_days: KeepDays = None,
    certificate: Certificate = None,
    key: Key = None,
    tls: Tls = True,
    new_token: NewToken = False,
    classifier: Classifier = None,
    labels: Labels = "",
    no_network: NoNetwork = False,
) -> None:
    """Serve the page that coaches in the browser, until interrupted.

    On this machine alone nobody needs a token. With --host others can come in: the page is encrypted, and devices
    pair by the QR code.

    Examples:
        poise serve                 # for this machine
        poise serve --host 0.0.0.0  # for phones too, by QR code
        poise serve --host 0.0.0.0 --certificate cert.pem --key key.pem
        poise serve --database postgresql://poise@localhost/poise

    Files:
        DATA/poise.sqlite     history, unless --database says where
        DATA/films/           films that were sent, and what came of them
        DATA/token, tls/      what devices pair with; for your eyes only

    """
    settings = _settings(host, port, data, database, queue, workers, keep_days, certificate, key, tls, no_network)
    _run(_with(settings, classifier, labels), new_token, show=False)


@app.command("live")
def live(
    host: Host = "127.0.0.1",
    port: Port = 8765,
    data: Data = None,
    keep_days: KeepDays = None,
    classifier: Classifier = None,
    labels: Labels = "",
    no_network: NoNetwork = False,
) -> None:
    """Be coached in the browser: `poise serve`, and the page opened.

    Examples:
        poise live
        poise live --classifier posture/classifier.onnx

    """
    settings = _settings(host, port, data, "", "", 1, keep_days, None, None, True, no_network)
    _run(_with(settings, classifier, labels), False, show=True)


@app.command("worker")
def worker(
    data: Data = None,
    database: Database = "",
    queue: QueueUrl = "",
    no_network: NoNetwork = False,
) -> None:
    r"""Analyse films for a server elsewhere, until interrupted; --data must be its folder, too.

    Examples:
        poise worker --data /srv/poise --queue redis://db.example/0 \
          --database postgresql://poise@db.example/poise

    """
    settings = _settings("127.0.0.1", 0, data, database, queue, 1, None, None, None, True, no_network)
    from poise.server.worker import work

    work(settings)


def _settings(
    host: str,
    port: int,
    data: Path | None,
    database: str,
    queue: str,
    workers: int,
    keep_days: float | None,
    certificate: Path | None,
    key: Path | None,
    tls: bool,
    no_network: bool,
) -> Settings:
    try:
        from poise.server import app as _  # noqa: F401 - everything that the extra brings is imported by it
        from poise.server.settings import Settings
    except ModuleNotFoundError as missing:
        raise MissingExtra("Serving the page", "web") from missing
    if (certificate is None) != (key is None):
        raise InputError("A certificate and its key belong together.", "Give --certificate and --key.")
    for path in (certificate, key):
        if path is not None and not path.is_file():
            raise InputError(f"There is no file {path}.", "Check the path.")
    given = Settings(
        host=host,
        port=port,
        database=database,
        queue=queue,
        workers=workers,
        keep_days=keep_days,
        certificate=certificate,
        key=key,
        tls=tls,
        network=not no_network,
    )
    return given if data is None else replace(given, data=data.expanduser().absolute())


def _with(settings: Settings, classifier: Path | None, labels: str) -> Settings:
    """The settings with a classifier."""
    whole = classifier.expanduser().absolute() if classifier else None
    return replace(settings, classifier=whole, labels=tuple(one for one in labels.split(",") if one))


def _run(settings: Settings, new_token: bool, show: bool) -> None:
    from poise.server.serve import run
    from poise.web.assets import assets

    def ready(place: Place) -> None:
        told_place(place)
        if show:
            webbrowser.open(place.pairing if place.pairing else place.addresses[0])

    with progress_bar(False) as tell:
        runtime = assets((lambda what, done, total: tell(f"Fetching {what}", done, total)) if tell else None)
    run(settings, runtime, ready, new_token)


def told_place(place: Place) -> None:
    """Say where the page is, and how other devices come in."""
    from poise.server.pairing import fingerprint, qr_code

    out.print(f"poise is at {', '.join(place.addresses)} (Ctrl+C ends it)")
    if place.pairing:
        out.print(qr_code(place.pairing), markup=False)
        out.print(f"Another device scans this or opens {place.pairing}", markup=False)
    if place.certificate and place.made:
        out.print(f"Its certificate is self-made: the browser warns once. SHA-256 {fingerprint(place.certificate)}")
