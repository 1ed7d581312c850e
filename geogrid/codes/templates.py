"""Codes by a place's own template, for places where no national scheme applies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from geogrid.errors import CodeError

__all__ = ["Template"]

_FIELD = re.compile(r"\{(\w+)(?::0(\d+)d)?\}")


@dataclass(frozen=True)
class Template:
    """A template such as ``"{area}-{seq:05d}"``.

    Parameters
    ----------
    text : str
        Plain text with ``{area}``, once, and ``{seq:0Nd}``, once and N digits wide, in any order;
        between them something else than a digit if the number stands right after the area.

    Raises
    ------
    CodeError
        If the text is not such a template.

    Examples
    --------
    >>> template = Template("{area}-{seq:05d}")
    >>> template.format(area="Canton", sequence=7)
    'Canton-00007'
    >>> template.parse("Canton-00007")
    {'area': 'Canton', 'sequence': '00007'}
    """

    text: str

    def __post_init__(self) -> None:
        """Check the template."""
        fields = _FIELD.findall(self.text)
        names = [name for name, _ in fields]
        rest = _FIELD.sub("", self.text)
        widths = [int(width) for name, width in fields if name == "seq" and width]
        if sorted(names) != ["area", "seq"] or len(widths) != 1 or widths[0] < 1 or "{" in rest or "}" in rest:
            raise CodeError(
                "not a template of codes", given=repr(self.text),
                allowed="text with {area} and {seq:0Nd}, each once", mend='for example "{area}-{seq:05d}"',
            )  # fmt: skip

    @property
    def digits(self) -> int:
        """How many digits the number has."""
        return next(int(width) for name, width in _FIELD.findall(self.text) if name == "seq")

    @property
    def last_number(self) -> int:
        """The highest number an area can give."""
        return int(10**self.digits - 1)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        pattern, at = "", 0
        for field in _FIELD.finditer(self.text):
            pattern += re.escape(self.text[at : field.start()])
            pattern += "(?P<area>.+)" if field[1] == "area" else rf"(?P<sequence>[0-9]{{{self.digits}}})"
            at = field.end()
        return re.compile(pattern + re.escape(self.text[at:]), re.DOTALL)

    def format(self, *, area: str, sequence: int) -> str:
        """Return the code of number `sequence` in `area`.

        Raises
        ------
        CodeError
            If the area has no number left; the message names it.
        """
        if not area:
            raise CodeError("a code needs its area", given=repr(area), allowed="the code of the area", source=self.text)
        if not 1 <= sequence <= self.last_number:
            raise CodeError(
                f"{area} has no such number: {self.text} counts from 1 to {self.last_number}", given=sequence,
                mend=f"widen the template, e.g. {{seq:0{self.digits + 1}d}}, or divide {area}",
            )  # fmt: skip
        return self.text.format(area=area, seq=sequence)

    def parse(self, code: str) -> dict[str, str]:
        """Return the area and the digits of the number.

        Raises
        ------
        CodeError
            If the code is not of this template.
        """
        found = self._pattern.fullmatch(code)
        if found is None or int(found["sequence"]) == 0:
            raise CodeError("not a code of this template", given=repr(code), allowed=self.text)
        return {"area": found["area"], "sequence": found["sequence"]}
