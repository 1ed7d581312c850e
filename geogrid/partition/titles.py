"""What columns and layers are called on pages, maps and in tables, in English and Chinese."""

from __future__ import annotations

from typing import Literal, TypeAlias

__all__ = ["Language", "title_of"]

Language: TypeAlias = Literal["en", "zh-CN"]

_TITLES = {
    "code": "编码",
    "name": "名称",
    "parent": "行政区域",
    "area_m2": "面积 (m²)",
    "kind": "类别",
    "place": "地点",
    "flag": "标记原因",
    "on_seams": "沿自然边界比例",
    "cell": "单元网格",
    "management": "管理网格",
    "responsibility": "责任网格",
    "station": "工作站",
    "police": "警务网格",
    "extension": "扩展网格",
    "person": "责任人",
    "role": "岗位",
    "deputy": "副网格长",
    "phone": "电话",
    "weight": "权重",
    "district": "区",
    "street": "街道/镇",
    "community": "社区/居村",
    "neighbourhood": "街区",
    "area": "行政区域",
    "area_code": "行政区域编码",
    "deviation": "偏差",
    "worst": "最大偏差",
    "polsby_popper": "紧凑度 (Polsby-Popper)",
    "area_to_hull": "面积与凸包之比",
    "farthest_m": "最远点 (m)",
    "border_m": "网格间边界 (m)",
    "border_km": "网格间边界 (km)",
    "weighted_km": "加权边界 (km)",
    "seam_share": "沿自然边界比例",
    "in_range": "在允许范围内",
    "why": "超出范围的原因",
    "seed": "种子",
    "grids": "网格数",
    "valid": "全部在范围内",
    "differs": "与首个方案之差",
    "lon": "经度 (WGS 84)",
    "lat": "纬度 (WGS 84)",
    "existing": "已有",
    "cells": "单元网格数",
    "demand": "需求",
    "mean_m": "平均距离 (m)",
}
_ENGLISH = {"area_m2": "area (m²)", "parent": "administrative area", "flag": "flagged", "on_seams": "share on seams"}


def title_of(name: str, language: Language) -> str:
    """Return what a page calls a column or layer.

    Examples
    --------
    >>> title_of("area_m2", "en"), title_of("person", "zh-CN"), title_of("floors", "zh-CN")
    ('area (m²)', '责任人', 'floors')
    """
    if language == "zh-CN":
        return _TITLES.get(name, name)
    return _ENGLISH.get(name, name.replace("_", " "))
