"""Explaining a code in words, and checking many at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from geogrid.codes.register import Register, bundled_register
from geogrid.codes.schemes import Part, Scheme, find_scheme, scheme
from geogrid.codes.templates import Template
from geogrid.errors import CodeError
from geogrid.types import Finding

__all__ = ["ExplainedPart", "Explanation", "check_codes", "explain_code", "numbering_scheme"]


@dataclass(frozen=True, slots=True)
class ExplainedPart:
    """One part of a code in words.

    Parameters
    ----------
    name, title_zh : str
    digits : str
        As they stand in the code.
    meaning : str
        The area's name in the register, or what the scheme says; ``""`` if neither knows.
    known : bool
        False where the register should know the area and does not.
    """

    name: str
    title_zh: str
    digits: str
    meaning: str
    known: bool = True


@dataclass(frozen=True, slots=True)
class Explanation:
    """A code in words.

    Parameters
    ----------
    code, scheme, title, title_zh, standard : str
    area : str
        Code of the area it lies in.
    parts : tuple of ExplainedPart
    """

    code: str
    scheme: str
    title: str
    title_zh: str
    standard: str
    area: str
    parts: tuple[ExplainedPart, ...]

    @property
    def known(self) -> bool:
        """Whether the register knows every area of the code."""
        return all(part.known for part in self.parts)

    def __str__(self) -> str:
        """Return one readable line."""
        return " · ".join(part.meaning or part.digits for part in self.parts)


def numbering_scheme(text: str) -> Scheme | Template:
    """Return the scheme of this name, or the template if the text has braces.

    Examples
    --------
    >>> numbering_scheme("{area}-{seq:04d}").last_number
    9999
    """
    return Template(text) if "{" in text else scheme(text)


def explain_code(code: str, *, scheme: str | None = None, register: Register | None = None) -> Explanation:
    """Return what a code means, part by part, with the names that the register has.

    Parameters
    ----------
    code : str
    scheme : str, optional
        Name of the scheme, or a template; found by the length if only one scheme has it.
    register : Register, optional
        By default the bundled one: six districts of Shanghai and Beijing.

    Raises
    ------
    CodeError
        If the code does not follow the scheme, or its length fits several.
    NotFoundError
        If there is no such scheme.

    Examples
    --------
    >>> print(explain_code("310114001001023"))
    嘉定区 · 新成路街道 · 迎园社区居委会 · number 23 in its community
    """
    names = bundled_register() if register is None else register
    kind = find_scheme(code) if scheme is None else numbering_scheme(scheme)
    if isinstance(kind, Template):
        found = kind.parse(code)
        entry = names.find(found["area"])
        parts = (
            ExplainedPart("area", "区域", found["area"], entry.name if entry else ""),
            ExplainedPart("sequence", "顺序码", found["sequence"], f"number {int(found['sequence'])} in its area"),
        )
        return Explanation(code, kind.text, "code of a template", "自定义编码", "", found["area"], parts)
    digits = kind.parse(code)
    area, explained = "", []
    for part in kind.parts:
        if part.name in kind.area:
            area += digits[part.name]
        explained.append(_explained(kind, part, digits[part.name], area, names))
    return Explanation(code, kind.name, kind.title, kind.title_zh, kind.standard, area, tuple(explained))


def _explained(kind: Scheme, part: Part, digits: str, area: str, names: Register) -> ExplainedPart:
    meaning = part.meaning_of(int(digits))
    text = meaning.text if meaning else part.note
    if part.in_register and (meaning is None or meaning.in_register):
        entry = names.find(area)
        # The register speaks for its districts only; about others it knows nothing either way.
        known = entry is not None or names.find(area[:6]) is None
        return ExplainedPart(part.name, part.title_zh, digits, entry.name if entry else text, known)
    if part.name == kind.sequence and meaning is None:
        text = f"number {int(digits)} in its {kind.area[-1]}"
    return ExplainedPart(part.name, part.title_zh, digits, text)


def check_codes(codes: Iterable[str], *, scheme: str, register: Register | None = None) -> tuple[Finding, ...]:
    """Return what is wrong with codes: those that do not follow the scheme, repeated or unknown ones.

    Parameters
    ----------
    codes : iterable of str
    scheme : str
        Name of a scheme, or a template.
    register : Register, optional
        Where given, every area of a code has to be in it.

    Examples
    --------
    >>> [finding.rule for finding in check_codes(["310114001001023", "31011400100102X"], scheme="unit-grid")]
    ['follows_scheme']
    """
    kind = numbering_scheme(scheme)
    counts = Counter(codes)
    found = []
    for code, count in counts.items():
        if count > 1:
            found.append(Finding("unique_code", f"{count} times the same code", (code,), amount=float(count)))
        try:
            kind.parse(code)
        except CodeError as error:
            found.append(Finding("follows_scheme", str(error), (code,)))
            continue
        if register is not None:
            known = explain_code(code, scheme=scheme, register=register)
            unknown = [part for part in known.parts if not part.known]
            if unknown or (isinstance(kind, Scheme) and kind.area and known.area[:6] not in register):
                text = f"the register has no {unknown[0].name if unknown else 'district'} for {known.area}"
                found.append(Finding("in_register", text, (code,)))
    return tuple(found)
