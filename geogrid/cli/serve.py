"""``geogrid serve``: serve an atlas over HTTP."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from geogrid.cli.output import errors

__all__ = ["serve"]


def serve(
    atlas: Annotated[str, typer.Option(help="The atlas: a file, or postgresql://…")],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    datum: Annotated[
        str | None, typer.Option(help="Datum of coordinates that do not declare theirs; without it each must.")
    ] = None,
    max_points: Annotated[int, typer.Option(min=1, help="Points one POST may hold.")] = 10_000,
    root_path: Annotated[str, typer.Option(help="Path under which a proxy offers the server.")] = "",
    access_log: Annotated[bool, typer.Option("--access-log", help="Log each request.")] = False,
) -> None:
    """Serve an atlas over HTTP until stopped: look-ups, editions, layers, health and figures.

    Example:

    geogrid serve --atlas city.gpkg --datum gcj02 --port 8080
    """
    from geogrid.errors import MissingPartError

    try:
        import uvicorn

        from geogrid.api import Settings
        from geogrid.api.app import SETTINGS_VARIABLE
    except ImportError as missing:
        raise MissingPartError(
            "serving needs FastAPI and uvicorn", given=missing.name, mend='pip install "geogrid[api]"'
        ) from None
    from geogrid.assign.desk import Atlas
    from geogrid.types import Datum

    # A wrong path or a foreign file is told here and now, not by the first request.
    opened = Atlas.open(atlas)
    edition = opened.edition()
    settings = Settings(atlas=atlas, datum=None if datum is None else Datum.of(datum), max_points=max_points)
    opened.close()
    errors().print(f"serving {edition.name}, edition {edition.number}, on http://{host}:{port}/v1/lookup", markup=False)
    # Worker processes start afresh and find their settings where this process leaves them.
    os.environ[SETTINGS_VARIABLE] = settings.model_dump_json()
    uvicorn.run(
        "geogrid.api:app_from_environment", factory=True, host=host, port=port, workers=workers, root_path=root_path,
        access_log=access_log, log_level="info" if access_log else "warning", server_header=False, ws="none",
    )  # fmt: skip
