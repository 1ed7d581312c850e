"""The words of flags: a reason without its size, and in Chinese. Nothing here is compiled, so that maps stay light."""

from __future__ import annotations

import re

__all__ = ["in_chinese", "reason_of"]

_CHINESE = {
    "no seam or chord fits the size": "没有合适的边界或切分线",
    "one building fills it": "被一栋建筑占满",
    "the whole area measures": "整个区域面积",
    "confined by hard seams": "四周为不可跨越的边界",
    "confined by corridors": "四周为廊道",
    "confined by areas of their own": "四周为水域或专属网格",
    "a strip between hard seams": "不可跨越的边界之间的狭长地带",
    "a strip between corridors": "廊道之间的狭长地带",
    "a strip between areas of their own": "水域或专属网格之间的狭长地带",
    "a corridor no crossing parts": "廊道未被路口分段",
}
_SIZE = re.compile(r"[ ,]*([\d,]+) m²$")
_WIDTH = re.compile(r", (\d+) m wide")


def reason_of(flag: str) -> str:
    """Return a flag without its size, to count cells by it.

    Examples
    --------
    >>> reason_of("confined by hard seams, 3,200 m²")
    'confined by hard seams'
    """
    return _WIDTH.sub("", _SIZE.sub("", flag))


def in_chinese(flag: str) -> str:
    """Return a flag or its reason in Chinese; what is not known stays as it is.

    Examples
    --------
    >>> in_chinese("confined by hard seams, 3,200 m²")
    '四周为不可跨越的边界,3,200 m²'
    """
    reason, size = reason_of(flag), _SIZE.search(flag)
    words = _CHINESE.get(reason, reason)
    wide = f",宽 {width[1]} m" if (width := _WIDTH.search(flag)) else ""
    return f"{words}{wide},{size[1]} m²" if size else words
