"""Roles as data: the fixed and open sets of the practice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["DEFAULT_ROLES", "FIXED_ROLES", "Position", "Role"]

Position = Literal["head", "deputy", "member"]


@dataclass(frozen=True, slots=True)
class Role:
    """As what a person has a duty.

    Parameters
    ----------
    code : str
        Short word used in rosters and rules, e.g. ``"grid_head"``.
    name, name_zh : str
        As shown in answers, English and Chinese.
    position : {"head", "deputy", "member"}
        A head answers for the unit; a deputy answers when no head is on duty; a member helps,
        and answers only where a rule or a category names the role.
    deputy_of : str
        Code of the role that this one stands in for when a rule names that role; ``""`` for none.
    fixed : bool
        One of the seven roles every grid is expected to have; the open rest is "+X".
    """

    code: str
    name: str
    name_zh: str
    position: Position = "member"
    deputy_of: str = ""
    fixed: bool = False


DEFAULT_ROLES: tuple[Role, ...] = (
    Role("commander", "commander", "指挥长", "head"),
    Role("vice_commander", "vice-commander", "副指挥长", "deputy", "commander"),
    Role("station_head", "station head", "站长", "head"),
    Role("station_deputy", "deputy station head", "副站长", "deputy", "station_head"),
    Role("grid_head", "grid head", "网格长", "head"),
    Role("grid_deputy", "deputy grid head", "副网格长", "deputy", "grid_head"),
    Role("grid_member", "grid member", "网格员"),
    Role("party_secretary", "party branch secretary", "党支部书记", fixed=True),
    Role("manager", "grid manager", "管理员", fixed=True),
    Role("assistant", "grid assistant", "助理员", fixed=True),
    Role("supervisor", "grid supervisor", "督导员", fixed=True),
    Role("police", "police officer", "民警", fixed=True),
    Role("justice", "justice officer", "司法", fixed=True),
    Role("fire", "fire officer", "消防", fixed=True),
    Role("duty_officer", "duty officer", "值班员", "deputy", "station_head"),
)
"""The roles an atlas starts with; a roster adds its own ("+X") or redefines these."""

FIXED_ROLES: tuple[str, ...] = tuple(role.code for role in DEFAULT_ROLES if role.fixed)
"""Codes of the seven fixed roles of a grid."""
