"""Step 4, ANSWER: a point becomes a cell, a duty and one accountable person.

locator
    `Locator`: points to cells, exactly one each, whole columns at once
desk
    `Atlas` and `Edition` with everything that answers: the public ``geogrid.Atlas``
answering, answer
    `Desk`: who answers for one place, and the `Answer` with its reasons
frame, stream
    a frame or a file of reports in, answers out
roster, roster_files
    `Roster`: stations, people and duties; read from and written to files, every bad row reported
rulebook, rule_files
    `Rulebook`: categories, routes and limits
sample, sample_places
    people, stations and reports for a demonstration, labelled as samples
"""

from geogrid.assign.answer import Answer
from geogrid.assign.answering import Desk
from geogrid.assign.desk import Atlas, Edition
from geogrid.assign.locator import Locator
from geogrid.assign.roster import Duty, Person, Roster, Served, Station
from geogrid.assign.roster_files import read_roster
from geogrid.assign.rulebook import Rulebook

__all__ = [
    "Answer",
    "Atlas",
    "Desk",
    "Duty",
    "Edition",
    "Locator",
    "Person",
    "Roster",
    "Rulebook",
    "Served",
    "Station",
    "read_roster",
]
