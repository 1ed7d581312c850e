"""SERVE: the atlas over HTTP.

app
    `create_app`: routes around one atlas
settings
    `Settings`: what the operator decides
lookup
    ``/v1/lookup``: one place, or many
bulk, arrow_stream
    many places as NDJSON or Arrow
points
    each point answered or refused on its own
lane
    the short way of a single look-up that succeeds
editions
    ``/v1/editions`` and their layers
geojson
    a layer as GeoJSON, piece by piece
health
    ``/healthz``, ``/readyz``, ``/metrics``
holdings
    the atlas and the editions held open
places, documents
    what is received and sent
problems
    errors as problem details: one table from error class to status
envelope, metrics
    what happens around every request
"""

from geogrid.api.app import app_from_environment, create_app
from geogrid.api.settings import Settings

__all__ = ["Settings", "app_from_environment", "create_app"]
