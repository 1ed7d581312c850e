"""Thresholds as data: when load, mix, families and daily reports are flagged; read from TOML."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from geogrid.assign.hours import Hours
from geogrid.errors import InputError, NotFoundError

__all__ = ["MEASURES", "Colours", "Expected", "FamilyLimits", "LoadLimits", "Measure", "MixLimits", "Thresholds"]

Measure = Literal["overdue", "due_soon", "closed_late", "missing", "late"]
MEASURES: tuple[Measure, ...] = ("overdue", "due_soon", "closed_late", "missing", "late")
"""What colours look at: open reports past their deadline, or near it; reports closed late; daily
reports missing, or late."""


def _understood(text: str) -> str:
    try:
        Hours.parse(text)
    except InputError as error:
        raise ValueError(str(error)) from None
    return text


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class LoadLimits(_Section):
    """When a load is flagged.

    Parameters
    ----------
    top_share : float
        One holder has more than this share of the reports, 0 to 1, and more than 1.5 times an even share.
    gini : float
        The Gini coefficient is above this …
    gini_beyond_chance : float
        … and at least this much above what chance alone gives.
    solved_share : float
        A holder solves less than this share, 0 to 1.
    at_least : int
        Fewer reports than this are not judged.
    """

    top_share: float = Field(default=0.5, gt=0, le=1)
    gini: float = Field(default=0.6, gt=0, le=1)
    gini_beyond_chance: float = Field(default=0.1, ge=0, le=1)
    solved_share: float = Field(default=0.5, ge=0, le=1)
    at_least: int = Field(default=30, ge=1)


class MixLimits(_Section):
    """When a mix of categories is flagged.

    Parameters
    ----------
    patch_m : float
        Side of the squares of ground whose mixes are compared inside a grid, metres.
    hidden_bits : float
        The patches of a grid differ by more than this, beyond chance, bits.
    at_least : int
        Grids with fewer reports are not judged.
    """

    patch_m: float = Field(default=500.0, gt=0)
    hidden_bits: float = Field(default=0.3, gt=0)
    at_least: int = Field(default=50, ge=2)


class FamilyLimits(_Section):
    """What counts as near: both must hold, the limits included.

    Parameters
    ----------
    near_m : float
        Metres on the ground.
    near_hours : float
    """

    near_m: float = Field(default=30.0, gt=0, le=10_000)
    near_hours: float = Field(default=24.0, gt=0, le=24 * 3660)


class Expected(_Section):
    """Which stations report daily, also nothing, and when.

    Parameters
    ----------
    stations : tuple of str
        Codes, ``tier:<tier>``, or ``*`` for all; a code goes before a tier, a tier before ``*``.
    hours : str
        When each report is due, as hours of a duty: ``workdays 08:30-17:30`` expects one report on
        every working day, received from 8:30 up to, not at, 17:30.
    """

    stations: tuple[str, ...] = Field(default=("*",), min_length=1)
    hours: Annotated[str, AfterValidator(_understood)] = "daily 00:00-24:00"


class Colours(_Section):
    """From which count of what on a station, street or department is blue, or red; else it is green.

    Parameters
    ----------
    days : int
        How many days back daily reports and closed reports count.
    due_soon_hours : float
    blue, red : mapping of measure to count
    """

    days: int = Field(default=7, ge=1, le=3660)
    due_soon_hours: float = Field(default=24.0, ge=0)
    blue: dict[Measure, Annotated[int, Field(ge=1)]] = {"due_soon": 1, "closed_late": 1, "missing": 1, "late": 1}
    red: dict[Measure, Annotated[int, Field(ge=1)]] = {"overdue": 1, "missing": 3}

    @model_validator(mode="after")
    def _red_is_graver(self) -> Colours:
        for measure, count in self.red.items():
            if self.blue.get(measure, 0) > count:
                raise ValueError(f"{measure} would turn red at {count}, before it turns blue at {self.blue[measure]}")
        return self


class Thresholds(_Section):
    """All thresholds; what a file leaves out keeps the value given here.

    Examples
    --------
    >>> Thresholds().load.top_share, Thresholds().family.near_m
    (0.5, 30.0)
    """

    load: LoadLimits = LoadLimits()
    mix: MixLimits = MixLimits()
    family: FamilyLimits = FamilyLimits()
    expected: tuple[Expected, ...] = (Expected(),)
    colours: Colours = Colours()

    @classmethod
    def read(cls, path: str | Path) -> Thresholds:
        """Return the thresholds of a TOML file.

        Raises
        ------
        NotFoundError
            If there is no such file.
        InputError
            If it is not TOML, or a key is unknown or out of range; all of them are listed.
        """
        source = Path(path)
        try:
            return cls.parse(source.read_text(encoding="utf-8"), source=source)
        except FileNotFoundError:
            raise NotFoundError("no such file of thresholds", given=source) from None
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"thresholds cannot be read ({error})", source=source) from None

    @classmethod
    def parse(cls, text: str, *, source: object = None) -> Thresholds:
        """Return the thresholds that TOML `text` says; see `read`."""
        try:
            return cls.model_validate(tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise InputError(f"not TOML ({error})", source=source) from None
        except ValidationError as error:
            said = [
                f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}, given {problem['input']!r}"
                for problem in error.errors()
            ]
            raise InputError(
                f"{len(said)} unacceptable threshold(s): {'; '.join(said)}", source=source,
                allowed=", ".join(f"[{name}]" for name in cls.model_fields),
            ) from None  # fmt: skip
