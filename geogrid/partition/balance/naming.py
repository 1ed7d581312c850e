"""What a plan calls the rows of a layer: by code, or by a name that no other row has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geogrid.errors import PlanError

__all__ = ["Rows"]


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of a layer.

    Parameters
    ----------
    layer : str
    labels : (n,) object
        The code of each row, or its number where it has none yet.
    called : mapping of str to list of int
        The rows that each label stands for, and each name that is no label.
    """

    layer: str
    labels: npt.NDArray[np.object_]
    called: Mapping[str, list[int]]

    @classmethod
    def of(cls, layer: str, codes: npt.NDArray[np.object_], names: npt.NDArray[np.object_]) -> Rows:
        """Return the rows of a layer with (n,) codes and names, "" for none.

        Examples
        --------
        >>> rows = Rows.of("cell", np.array(["", "c2"], dtype=object), np.array(["market", ""], dtype=object))
        >>> rows.row("row 1", "a plan"), rows.row("market", "a plan"), rows.row("c2", "a plan")
        (0, 0, 1)
        """
        labels = np.where(codes == "", [f"row {row + 1}" for row in range(len(codes))], codes).astype(object)
        called: dict[str, list[int]] = {}
        for words in (labels, names):
            known = set(called)
            for row, word in enumerate(words.tolist()):
                if word and str(word) not in known:
                    called.setdefault(str(word), []).append(row)
        return cls(layer, labels, called)

    def row(self, word: str, source: str, mend: str | None = None) -> int:
        """Return the row that `source` calls `word`; `mend` says what to do where there is none.

        Raises
        ------
        PlanError
            If there is none, or more than one.
        """
        found = self.called.get(word, [])
        if not found:
            raise PlanError(
                f"{source}: no such row of {self.layer!r}", given=word, allowed="its code or name", mend=mend
            )  # fmt: skip
        if len(found) > 1:
            codes = ", ".join(map(str, self.labels[found[:10]])) + (" …" if len(found) > 10 else "")
            raise PlanError(
                f"{source}: {len(found)} rows of {self.layer!r} have that name", given=word,
                allowed="a code, or a name of one row", mend=f"say which by its code: {codes}",
            )  # fmt: skip
        return found[0]
