"""The editions of the atlas, and their layers as GeoJSON."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

import numpy as np
from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from geogrid.api.documents import EditionDetail, EditionDocument, EditionsDocument, LayerDocument
from geogrid.api.geojson import rows_within, stream_collection
from geogrid.api.holdings import Holdings
from geogrid.api.problems import PROBLEM_RESPONSES
from geogrid.api.settings import Settings
from geogrid.atlas import Edition

__all__ = ["edition_routes"]

_GEOJSON = "application/geo+json"
_Id = Annotated[str, Path(description="Number of an edition, or `current` for the one in force today.")]


def edition_routes(holdings: Holdings, settings: Settings) -> APIRouter:
    """Return ``/v1/editions`` and what is below it."""
    router = APIRouter(prefix="/v1/editions", tags=["editions"], responses=PROBLEM_RESPONSES)

    @router.get("")
    async def list_editions() -> EditionsDocument:
        """Return all editions, in the order of publishing."""
        editions, current = await run_in_threadpool(holdings.editions)
        return EditionsDocument(editions=[EditionDocument(**_facts(each, current)) for each in editions])

    @router.get("/{edition_id}")
    async def show_edition(edition_id: _Id) -> EditionDetail:
        """Return one edition with its layers."""

        def found() -> EditionDetail:
            edition = holdings.numbered(edition_id)
            facts = _facts(edition, holdings.editions()[1])
            layers = [
                LayerDocument(
                    name=layer.name, kind=layer.kind, of=layer.of, count=len(layer),
                    href=f"{facts['href']}/layers/{layer.name}",
                )
                for layer in edition.division.layers
            ]  # fmt: skip
            return EditionDetail(**facts, layers=layers)

        return await run_in_threadpool(found)

    @router.get(
        "/{edition_id}/layers/{layer}",
        response_class=Response,
        responses={
            200: {"content": {_GEOJSON: {"schema": {"type": "object"}}}, "description": "A FeatureCollection"},
            304: {"description": "Not changed"},
        },
    )
    async def show_layer(
        request: Request,
        edition_id: _Id,
        layer: str,
        bbox: Annotated[str | None, Query(description="`west,south,east,north` in degrees, WGS 84.")] = None,
        limit: Annotated[
            int | None, Query(ge=1, description="Features at most; as many as allowed if not given.")
        ] = None,
        offset: Annotated[int, Query(ge=0, description="Features to skip, in the order of the codes.")] = 0,
    ) -> Response:
        """Return the features of one layer as GeoJSON (RFC 7946), in the order of their codes, by pages."""
        size = min(limit or settings.max_page, settings.max_page)
        edition = await run_in_threadpool(holdings.numbered, edition_id)
        headers = {"ETag": f'"{edition.content_hash[:32]}"', "Cache-Control": "no-cache"}
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)

        def prepared() -> Any:
            found = edition.layer(layer)
            shapes = found.shapes
            rows = np.arange(len(shapes)) if bbox is None else rows_within(shapes, bbox)
            page = rows[offset : offset + size]
            here = f"/v1/editions/{edition.number}/layers/{layer}"
            links = [{"rel": "self", "href": str(request.url), "type": _GEOJSON}]
            if offset + size < len(rows):
                asked = {"bbox": bbox, "limit": size, "offset": offset + size}
                query = urlencode({key: value for key, value in asked.items() if value is not None})
                links.append({"rel": "next", "href": f"{here}?{query}", "type": _GEOJSON})
            columns = {
                "code": found.codes, "name": found.names, "area": found.layer.areas,
                "area_m2": np.round(found.area_m2(), 2), **found.layer.attributes,
            }  # fmt: skip
            members = {
                "numberMatched": len(rows), "numberReturned": len(page), "edition": edition.number,
                "layer": layer, "links": links,
            }  # fmt: skip
            return stream_collection(shapes, columns, page, members)

        return StreamingResponse(await run_in_threadpool(prepared), media_type=_GEOJSON, headers=headers)

    return router


def _facts(edition: Edition, current: int | None) -> dict[str, Any]:
    return {
        "number": edition.number,
        "code": edition.code,
        "name": edition.name,
        "valid_from": edition.valid_from,
        "valid_to": edition.valid_to,
        "published_at": edition.published_at,
        "withdrawn": edition.withdrawn,
        "content_hash": edition.content_hash,
        "note": edition.note,
        "in_force": edition.number == current,
        "href": f"/v1/editions/{edition.number}",
    }
