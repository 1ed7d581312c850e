"""The words of an answer's steps, in English and Chinese."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

__all__ = ["WORDS", "Reason", "Step", "in_words"]


@dataclass(frozen=True, slots=True)
class Reason:
    """One step of an answer in words."""

    en: str
    zh: str

    def __str__(self) -> str:
        """Return the English words."""
        return self.en


class Step(NamedTuple):
    """One step that was tried: its kind and the values its words need."""

    kind: str
    values: tuple[object, ...] = ()


WORDS: dict[str, tuple[str, str]] = {
    "place": ("The point lies in {0} {1}.", "该点位于{0}{1}。"),
    "outside": ("The point lies outside; the nearest cell is {0}, {1:.0f} m away.", "该点在辖区之外；最近的单元为{0}，相距{1:.0f}米。"),
    "kind": ("Category {0} {1} is {2}.", "类别{0}（{1}）属{3}。"),
    "no_category": ("No category was given: the territory answers.", "未给出类别：按属地确定。"),
    "no_catalogue": ("Category {0} was given, but no categories are loaded: the territory answers.", "给出类别{0}，但未导入类别表：按属地确定。"),
    "no_route": ("No rule names this place and category.", "没有规则指定该处该类问题。"),
    "route_off": ("Rule {0} does not hold at this hour ({1}).", "规则{0}此时不适用（{1}）。"),
    "route": ("Rule {0} gives it to {1}.", "规则{0}指定由{2}负责。"),
    "routes_tie": ("Rules {0} are equally specific and disagree.", "规则{0}同等具体而结论不同。"),
    "owner": ("The nearest registered {0} ({1}, {2:.1f} m away) belongs to {3}: owner first.", "最近的已登记{0}（{1}，相距{2:.1f}米）属{3}：先属主。"),
    "no_owner": ("No registered asset of this kind within {0:.0f} m: the owner is unknown.", "{0:.0f}米内没有登记的同类部件：属主不明。"),
    "body": ("The standard names one body: {0}.", "标准只列一个责任主体：{0}。"),
    "bodies": ("The standard names {0} bodies ({1}), none of them alone.", "标准列出{0}个责任主体（{1}），无法唯一确定。"),
    "territory": ("Territory: the duty of this grid decides.", "属地：按网格职责确定。"),
    "fallback": ("Fallback: the grid head answers (territory in the last resort).", "属地兜底：由网格长负责。"),
    "no_fallback": ("There is no fallback rule.", "未设兜底规则。"),
    "nobody_named": ("{0} {1}: nobody is named as {2}.", "{0} {1}：未设{3}。"),
    "off_duty": ("{0} {1}: {2} {3} is off duty.", "{0} {1}：{4}{3}不在岗。"),
    "on_leave": ("{0} {1}: {2} {3} is on leave.", "{0} {1}：{4}{3}休假。"),
    "unqualified": ("{0} {1}: {2} is on duty but holds no {3}.", "{0} {1}：{2}在岗，但无{3}。"),
    "not_for_this": ("{0} {1}: {2} {3} has no duty for this category.", "{0} {1}：{4}{3}的职责不含该类别。"),
    "found": ("{0} {1}: {2} {3} is on duty and answers.", "{0} {1}：{4}{3}在岗，为责任人。"),
    "substitute": ("{0} stands in for {1}, who is on leave.", "{0}代{1}履职（休假）。"),
    "qualified": ("{0} holds {1} and takes the lead.", "{0}持有{1}，转为牵头。"),
    "clash": ("{0} is equally entitled: a clash, the first by id answers.", "{0}同样有责：责任冲突，按编号取先者。"),
    "hole": ("Nobody answers: a hole.", "无人负责：责任空白。"),
    "no_station": ("No station serves this place.", "没有工作站服务该处。"),
    "filed": ("Filed at {0}.", "立案时间{0}。"),
    "season": ("The time runs in {0} only: from {1}.", "仅在{0}计时：自{1}起。"),
    "grade": ("The place is of grade {0}: the limit is {1}.", "该处为{0}类区域：时限{1}。"),
    "limit": ("The limit is {0} {1}.", "处置时限{0}{2}。"),
    "day_not_counted": ("The day of filing does not count.", "立案当日不计入。"),
    "due": ("Due by {0}.", "应于{0}前办结。"),
    "no_deadline": ("No deadline: {0}.", "无法计算时限：{1}。"),
}  # fmt: skip
"""English and Chinese words of each kind of step; ``{n}`` is its n-th value."""


@lru_cache(maxsize=8192)
def in_words(step: Step) -> Reason:
    """Return the step in words; the same steps come again and again, so they are kept.

    Examples
    --------
    >>> in_words(Step("place", ("cell", "990100001001001"))).zh
    '该点位于cell990100001001001。'
    """
    english, chinese = WORDS[step.kind]
    return Reason(english.format(*step.values), chinese.format(*step.values))
