"""Resolution over a period: the timeline of answers of every class of places and categories."""

from __future__ import annotations

from collections.abc import Callable, Hashable

import numpy as np

from geogrid.assign.intervals import EMPTY, merge_intervals
from geogrid.assign.lines import Line, Option
from geogrid.assign.posts import Post, Posts
from geogrid.assign.presence import Presence
from geogrid.assign.roster import Roster
from geogrid.assign.timeline import Timeline
from geogrid.types import IntArray

__all__ = ["Resolution"]


class Resolution:
    """Timelines of answers, each made once.

    Parameters
    ----------
    roster : Roster
    first, last : int
        The half-open period, seconds since 1970 UTC.
    """

    def __init__(self, roster: Roster, first: int, last: int) -> None:
        self.roster, self.first, self.last = roster, first, last
        self.presence = Presence(roster, first, last)
        self.posts = Posts(self.presence)
        self._of_posts: dict[tuple[Post, ...], Timeline] = {}
        self._of_lines: dict[tuple[Line, ...], Timeline] = {}
        self._of_keys: dict[object, Timeline] = {}

    def timeline(self, lines: tuple[Line, ...]) -> Timeline:
        """Return who answers when, for the lines of a class of places and a category."""
        if lines not in self._of_lines:
            plain = 0
            while plain < len(lines) and lines[plain].stage == "route":
                plain += 1
            below = self.of_posts(tuple(post for line in lines[plain:] for post in line.options[0].posts))
            blocked = EMPTY
            tracks = []
            for line in lines[:plain]:
                track, hours = self._route_track(line)
                tracks.append(track.except_during(blocked) if len(blocked) else track)
                blocked = merge_intervals(np.concatenate([blocked, hours]))
            for track in reversed(tracks):
                below = track.over(below)
            self._of_lines[lines] = below
        return self._of_lines[lines]

    def of_posts(self, posts: tuple[Post, ...]) -> Timeline:
        """Return who answers when the posts are asked one after another; shared tails are made once."""
        if posts not in self._of_posts:
            if not posts:
                result = Timeline.constant(self.first)
            elif len(posts) == 1:
                result = self.posts.timeline(posts[0])
            else:
                result = self.posts.timeline(posts[0]).over(self.of_posts(posts[1:]))
            self._of_posts[posts] = result
        return self._of_posts[posts]

    def of_key(self, key: Hashable, posts: Callable[[], tuple[Post, ...]]) -> Timeline:
        """Return the timeline of the posts that `key` stands for; they are asked for once."""
        found = self._of_keys.get(key)
        if found is None:
            found = self._of_keys[key] = self.of_posts(posts())
        return found

    def option_hours(self, option: Option) -> IntArray:
        """Return the intervals of the period in which a rule holds."""
        if option.hours is None:
            return np.array([[self.first, self.last]], np.int64)
        return self.presence.pattern(option.hours)

    def _route_track(self, line: Line) -> tuple[Timeline, IntArray]:
        """Return who answers by a line of rules of equal rank, and when any of them holds."""
        track: Timeline | None = None
        held = []
        for option in line.options:
            mine = self.of_posts(option.posts)
            if option.hours is not None:
                mine = mine.only_during(self.option_hours(option))
            held.append(self.option_hours(option))
            track = mine if track is None else track.beside(mine, self.posts.person_of)
        if track is None:
            track = Timeline.constant(self.first)
        return track, merge_intervals(np.concatenate(held))
