"""A sample roster and rulebook for any division: invented, deterministic by seed, and labelled so (样例)."""

from __future__ import annotations

from itertools import count

import numpy as np

from geogrid.assign.hours import Hours
from geogrid.assign.roster import Department, Duty, Person, Roster, Served, Station
from geogrid.assign.rulebook import Category, Condition, Power, Route, Rulebook
from geogrid.partition.division import Division

__all__ = ["SAMPLE", "sample_roster", "sample_rulebook"]

SAMPLE = "样例"
"""Every invented name carries this word."""

_DEPARTMENTS = (
    ("D-ENF", "城管执法队"), ("D-GRN", "绿化管理所"), ("D-RD", "市政道路所"), ("D-LMP", "路灯管理所"),
    ("D-WTR", "供排水公司"), ("D-SAN", "环卫所"), ("D-POL", "交警中队"), ("D-EMG", "应急办"),
)  # fmt: skip
_DAY, _EVENING = "workdays 08:30-17:30", "daily 17:00-22:00"
_CLIMBING = "登高证"
_COMPONENTS = (
    ("01", "公用设施", "D-WTR", ("上水井盖", "污水井盖", "雨水井盖", "雨水箅子", "电力井盖", "通信井盖", "燃气井盖", "消火栓",
                              "供水器", "沟槽盖板", "交接箱", "变压箱", "立杆", "监控探头", "信报箱", "健身设施", "自助亭")),
    ("02", "交通设施", "D-RD", ("停车场", "停车架", "公交站亭", "过街天桥", "地下通道", "高架桥", "跨河桥", "交通标志牌",
                             "信号灯", "护栏", "分道体", "路名牌", "道路缘石", "人行道板", "声屏障", "减速带", "限高架")),
    ("03", "市容环境", "D-SAN", ("公共厕所", "化粪池", "厕所标志", "垃圾站", "果皮箱", "户外广告", "牌匾标识", "宣传栏",
                             "灯箱", "环保监测站", "气象站", "污水口", "再生资源亭", "洒水桩", "清运桶", "环卫工具房", "倒粪站")),
    ("04", "园林绿化", "D-GRN", ("古树名木", "行道树", "护树设施", "花架花钵", "绿地", "雕塑", "街头座椅", "绿地护栏", "喷泉",
                             "绿地附属设施", "树池", "花坛", "喷灌设施", "园路", "假山", "亭廊", "草坪灯")),
    ("05", "照明设施", "D-LMP", ("路灯", "地灯", "景观灯", "灯杆", "配电箱", "庭院灯", "高杆灯", "隧道灯", "桥梁灯", "太阳能灯",
                             "灯控柜", "标志灯", "楼宇灯", "投光灯", "灯带", "灯笼杆", "广场灯")),
)  # fmt: skip
_EVENTS = (
    ("51", "市容秩序", "", ("占道经营", "无照游商", "乱堆物料", "乱张贴", "乱涂写", "沿街晾挂", "露天烧烤", "违规设摊", "店外经营",
                         "违规广告", "乱设路障")),
    ("52", "环境卫生", "D-SAN", ("暴露垃圾", "积存渣土", "道路不洁", "水域不洁", "焚烧垃圾", "道路遗撒", "非装饰树挂", "绿地脏乱",
                             "垃圾满溢", "建筑垃圾", "油烟污染")),
    ("53", "停车与交通", "", ("机动车乱停放", "非机动车乱停放", "共享单车堆积", "占用消防通道", "废弃车辆", "占用绿地停车", "擅自掘路",
                          "道路积水", "路面破损", "路面塌陷", "施工占道")),
    ("54", "安全隐患", "D-EMG", ("燃气异味", "群租隐患", "电线裸露", "危房", "井盖丢失险情", "树木倾倒险情", "飞线充电",
                             "楼道堆物", "高空坠物", "违规动火", "消防设施损坏")),
    ("55", "社会服务", "", ("矛盾纠纷", "走失人员", "独居老人求助", "流浪乞讨", "噪声扰民", "宠物扰民", "物业服务", "停水停电",
                        "咨询求助", "疫情线索", "未成年人保护")),
    ("56", "违法建设", "D-ENF", ("在建违建", "存量违建", "破坏承重", "违规开门", "占绿毁绿", "侵占河道", "违规改建", "地桩地锁",
                             "违规停车棚", "违规围挡", "违规招牌")),
)  # fmt: skip
_LIMITS = ("2紧急工作时", "4工作时", "1工作日", "3工作日", "5工作日", "7自然日")


def sample_roster(division: Division, *, seed: int, members: int = 1) -> Roster:
    """Return invented stations, departments, people and shifts for a division.

    Every grid of the stacked layers has a head by day, a deputy in the evening and `members` grid
    members; every grid of a layer called ``station`` is a station with a head by day and a
    deputy in the evening; a centre above them is manned round the clock by three people in turn.
    Departments have a duty officer by day and another by night.

    Parameters
    ----------
    division : Division
    seed : int
        Chooses the names.
    members : int
        Grid members per grid.
    """
    rng = np.random.default_rng(seed)
    people = _People(rng)
    duties: list[Duty] = []
    serves: list[Served] = []
    stations = [Station("CENTRE", f"{division.name}指挥中心（{SAMPLE}）", "centre")]
    departments = [Department("CENTRE", f"指挥中心（{SAMPLE}）")]
    for shift in range(3):
        rota = Hours.parse(f"every 3 days from 2026-01-0{shift + 1} 08:00-08:00+1")
        duties.append(Duty(people.new("CENTRE"), "commander", "station", "CENTRE", rota))
    grids = [layer for layer in division.layers if layer.kind == "stacked"]
    for layer in (layer for layer in grids if layer.name == "station"):
        for code, name in zip(layer.codes.tolist(), layer.names.tolist(), strict=True):
            stations.append(Station(code, name, "station", "CENTRE", hours=Hours.parse("daily 08:30-22:00")))
            serves.append(Served("station", code, code))
            duties += _shifts(people, "station_head", "station_deputy", "station", code)
    for layer in (layer for layer in grids if layer.name != "station"):
        for code in layer.codes.tolist():
            duties += _shifts(people, "grid_head", "grid_deputy", layer.name, code)
            duties += [Duty(people.new(""), "grid_member", layer.name, code, Hours.parse(_DAY)) for _ in range(members)]
    if len(stations) == 1:
        level = division.areas[-1]
        serves += [Served(level.level, code, "CENTRE") for code in level.codes.tolist()]
    for code, name in _DEPARTMENTS:
        departments.append(Department(code, f"{name}（{SAMPLE}）"))
        holds = (_CLIMBING,) if code == "D-LMP" else ()
        duties.append(
            Duty(people.new(code, holds), "duty_officer", "department", code, Hours.parse("daily 08:00-20:00"))
        )
        duties.append(
            Duty(people.new(code, holds), "duty_officer", "department", code, Hours.parse("daily 20:00-08:00"))
        )
    return Roster(tuple(departments), tuple(people.made), tuple(stations), tuple(serves), tuple(duties))


def _shifts(people: _People, head: str, deputy: str, layer: str, code: str) -> list[Duty]:
    return [
        Duty(people.new(""), head, layer, code, Hours.parse(_DAY)),
        Duty(people.new(""), deputy, layer, code, Hours.parse(_EVENING)),
    ]


class _People:
    """Makes people with invented names, each with a number of its own."""

    _FAMILY = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng, self.made, self._number = rng, list[Person](), count(1)

    def new(self, department: str, qualifications: tuple[str, ...] = ()) -> str:
        number = next(self._number)
        family = self._FAMILY[int(self.rng.integers(len(self._FAMILY)))]
        person = Person(f"P{number:05d}", f"{family}{SAMPLE}{number:03d}", department, qualifications)
        self.made.append(person)
        return person.id


def sample_rulebook(division: Division, *, seed: int, categories: int = 151) -> Rulebook:
    """Return invented categories (85 components and 66 events unless fewer are asked for), rules and powers.

    Components have two filing conditions each, one with shorter limits in places of grade A.
    Lamps need a climbing certificate. Majors with a department of their own are routed to it;
    the rest belongs to the territory.

    Parameters
    ----------
    division : Division
    seed : int
        Chooses the time limits.
    categories : int
        How many, taken in turn from components and events.
    """
    rng = np.random.default_rng(seed)
    kinds = [("component", *group) for group in _COMPONENTS] + [("event", *group) for group in _EVENTS]
    made: list[Category] = []
    routes: list[Route] = []
    powers: list[Power] = []
    for kind, major, major_name, department, names in kinds:
        for number, name in enumerate(names, start=1):
            limits = sorted(int(row) for row in rng.choice(len(_LIMITS), 2, replace=False))
            made.append(
                Category(
                    f"{major}{number:02d}", f"{name}（{SAMPLE}）", "component" if kind == "component" else "event",
                    major, major_name, qualification=_CLIMBING if department == "D-LMP" else "",
                    conditions=(
                        Condition("1", f"存在安全隐患（{SAMPLE}）", _LIMITS[limits[0]], (("A", "2紧急工作时"),)),
                        Condition("2", f"一般问题（{SAMPLE}）", _LIMITS[limits[1]]),
                    ),
                )
            )  # fmt: skip
        if department:
            routes.append(
                Route(f"R-{major}", f"department:{department}", category=f"{major}*", helpers=("role:grid_head",))
            )
            powers.append(Power(department, f"{major}*"))
    wanted = made[:categories]
    kept = {category.major for category in wanted}
    return Rulebook(
        tuple(wanted),
        tuple(route for route in routes if route.id[2:] in kept),
        powers=tuple(power for power in powers if power.category[:2] in kept),
    )
