"""Spark with real executors gives the answers of one machine, plain and streaming."""

from __future__ import annotations

import datetime as dt
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from geogrid.assign import spark as geogrid_spark
from geogrid.assign.desk import Atlas
from geogrid.assign.roster import Duty, Person, Roster
from geogrid.errors import InputError
from geogrid.testing import toy_city

pytestmark = [pytest.mark.spark, pytest.mark.filterwarnings("ignore")]
pyspark = pytest.importorskip("pyspark")
AT = dt.datetime(2026, 11, 22, 20, 15, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    import os
    import shutil

    if shutil.which("java") is None:
        pytest.skip("no Java: Spark cannot run")
    from pyspark.sql import SparkSession

    folder = tmp_path_factory.mktemp("spark")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    # Spark answers Ctrl-C for the whole process, also after it has ended.
    answering = signal.getsignal(signal.SIGINT)
    session = (
        SparkSession.builder.master("local-cluster[2,1,2048]")
        .appName("geogrid")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.executor.memory", "1g")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
        .config("spark.executorEnv.PYTHONPATH", os.pathsep.join(sys.path))
        .getOrCreate()
    )
    signal.signal(signal.SIGINT, answering)
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture(scope="module")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Atlas:
    atlas = Atlas.create(tmp_path_factory.mktemp("atlas") / "toy.gpkg")
    atlas.publish(toy_city(), valid_from="2026-01-01")
    people = tuple(Person(f"p{i}", f"人{i}") for i in range(3))
    duties = tuple(Duty(f"p{i}", "grid_head", "responsibility", f"G0{i + 1}") for i in range(3))
    atlas.replace_roster(Roster(persons=people, duties=duties))
    return atlas


@pytest.fixture(scope="module")
def reports() -> pd.DataFrame:
    rng = np.random.default_rng(8)
    count = 4_000
    lon, lat = rng.uniform(121.2495, 121.2545, count), rng.uniform(31.3795, 31.3845, count)
    steps = rng.random(count) < 0.3
    lon[steps], lat[steps] = lon[steps].round(3), lat[steps].round(3)
    lon[:3] = [np.nan, 500.0, 0.0]
    return pd.DataFrame({"id": np.arange(count), "lon": lon, "lat": lat})


def same(found: pd.DataFrame, atlas: Atlas, reports: pd.DataFrame) -> None:
    want = atlas.answers(reports, datum="wgs84", at=AT)
    assert {"answered", "hole", "outside", "refused"} == set(want["outcome"])
    for name in want.columns:
        theirs = [None if pd.isna(value) else value for value in found[name]]
        mine = [None if pd.isna(value) else value for value in want[name]]
        assert theirs == mine, name


def test_executors_give_the_answers_of_one_machine(session: Any, atlas: Atlas, reports: pd.DataFrame) -> None:
    df = session.createDataFrame(reports).repartition(5)
    answered = geogrid_spark.answer(df, atlas, datum="wgs84", at=AT)
    assert answered.columns[:3] == ["id", "lon", "lat"]
    found = answered.toPandas().sort_values("id").reset_index(drop=True)
    np.testing.assert_array_equal(found["lon"], reports["lon"])
    same(found, atlas, reports)


def test_a_stream_gives_the_same_answers(session: Any, atlas: Atlas, reports: pd.DataFrame, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    for i, part in enumerate(np.array_split(np.arange(len(reports)), 3)):
        reports.iloc[part].to_parquet(inbox / f"{i}.parquet", index=False)
    stream = session.readStream.schema("id long, lon double, lat double").parquet(str(inbox))
    query = (
        geogrid_spark.answer(stream, atlas, datum="wgs84", at=AT)
        .writeStream.format("parquet")
        .option("path", str(tmp_path / "out"))
        .option("checkpointLocation", str(tmp_path / "checkpoint"))
        .trigger(availableNow=True)
        .start()
    )
    assert query.awaitTermination(120)
    found = session.read.parquet(str(tmp_path / "out")).toPandas().sort_values("id").reset_index(drop=True)
    same(found, atlas, reports)


def test_wrong_columns_are_named_before_anything_runs(session: Any, atlas: Atlas) -> None:
    with pytest.raises(InputError, match="no such column; given: lon, lat; allowed: x"):
        geogrid_spark.answer(session.createDataFrame([(1.0,)], ["x"]), atlas, datum="wgs84")
    taken = session.createDataFrame([(1.0, 2.0, "a")], ["lon", "lat", "person"])
    with pytest.raises(InputError, match="already has columns that the answer adds; given: person"):
        geogrid_spark.answer(taken, atlas, datum="wgs84")
