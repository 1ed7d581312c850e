"""The package as a whole: light to import, every exported name there and described."""

from __future__ import annotations

import inspect
import json
import pkgutil
import subprocess
import sys
from importlib import import_module

import pytest

import geogrid

HEAVY = ("geopandas", "pandas", "folium", "fastapi", "sqlalchemy", "numba", "pyogrio", "pyarrow", "shapely", "typer")


def loaded(code: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter has loaded after `code`."""
    told = f"import sys, json\n{code}\nprint(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True)
    return set(json.loads(done.stdout))


def packages() -> list[str]:
    """Return the package, its packages and its public single modules."""
    walked = pkgutil.walk_packages(geogrid.__path__, "geogrid.")
    inner = [found.name for found in walked if found.ispkg or found.name.count(".") == 1]
    return ["geogrid", *inner]


def test_importing_the_package_pulls_in_nothing_heavy() -> None:
    assert loaded("import geogrid; geogrid.__version__").isdisjoint(HEAVY)


def test_the_ground_floor_needs_only_the_arrays_and_shapes() -> None:
    heavy = loaded("import geogrid.errors, geogrid.types, geogrid.crs, geogrid.lattice, geogrid.codes")
    assert heavy.isdisjoint(set(HEAVY) - {"shapely"})


def test_the_list_of_verbs_needs_no_verb() -> None:
    shown = "from geogrid.cli.app import build_app; build_app()"
    assert loaded(shown).isdisjoint(set(HEAVY) - {"typer"})


def test_the_help_of_no_verb_needs_the_compiler_or_frames() -> None:
    shown = "from geogrid.cli.app import VERBS, build_app; [build_app(verb) for verb in VERBS]"
    assert loaded(shown).isdisjoint({"geopandas", "pandas", "numba", "pyogrio", "pyarrow", "folium", "fastapi"})


def test_maps_and_what_a_planner_reads_of_a_cut_need_no_compiler() -> None:
    shown = "import geogrid.maps, geogrid.partition.blocks; geogrid.partition.blocks.measure_ground"
    assert "numba" not in loaded(shown)


@pytest.mark.parametrize("name", packages())
def test_every_exported_name_exists_and_is_described(name: str) -> None:
    module = import_module(name)
    assert module.__doc__, name
    exported = module.__all__
    assert len(set(exported)) == len(exported)
    for word in exported:
        value = getattr(module, word)
        if inspect.isclass(value) or inspect.isroutine(value):
            assert inspect.getdoc(value), f"{name}.{word}"
            assert value.__doc__, f"{name}.{word} has only an inherited docstring"


def test_what_is_not_exported_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="Atlass"):
        geogrid.Atlass  # noqa: B018
