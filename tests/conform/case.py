"""One row of a table, and the edits that many rows share."""

from dataclasses import dataclass
from typing import Callable

from outlet import TARGET


@dataclass
class Case:
    """`state` is versions of run.ROLES, "-" for none, then "NAME=VERSION" of
    other roles. `good`: whether the command succeeds."""

    name: str
    edit: Callable  # edits version 2; may return what edits its files
    good: bool
    state: str
    before: Callable = None  # edits version 1
    fresh: bool = False  # the client has the first root and no more
    store: Callable = None  # changes what the client keeps
    target: str = TARGET
    seconds: str = "20"
    command: str = "erika-conform"
    requests: Callable = None  # checks what was asked for
    keeps: bool = False  # succeeds with the target as it was


def both(*edits):
    """Several edits as one."""

    def edit(o):
        late = [e(o) for e in edits]
        late = [e for e in late if e is not None]
        return (lambda o: [e(o) for e in late]) if late else None

    return edit


def versions(n):
    """Every role at this version."""

    def edit(o):
        for body in o.bodies.values():
            body["version"] = n

    return edit


def nothing(o):
    """The honest outlet."""


def pad(role, size):
    """Fill a role's file up with spaces, which no signature covers."""

    def edit(o):
        o.pads[role] = size

    return edit


def bare(*roles):
    """Name these roles by their version alone."""

    def edit(o):
        o.bare.update(roles)

    return edit


def entry(role, **changes):
    """Change what is said of a role by whatever names it."""

    def edit(o):
        o.entries[role] = changes

    return edit


def signed(role, change):
    """Change a role's body by a function."""

    def edit(o):
        change(o.bodies[role])

    return edit


def member(role, name, value):
    """Set one member of a role's body."""

    def edit(o):
        o.bodies[role][name] = value

    return edit


def without(role, name):
    """Leave one out."""

    def edit(o):
        del o.bodies[role][name]

    return edit


def keys(role, letters):
    """Sign a role with these keys instead."""

    def edit(o):
        o.letters[role] = letters

    return edit


def text(role, write):
    """Write a role's file by a function of the whole object."""

    def edit(o):
        o.texts[role] = write

    return edit


def rotate(change=lambda root, outlet: None, letters="r"):
    """One more root."""

    def edit(o):
        o.rotate(change, letters)

    return edit


def manner(path, how):
    """How the server gives a file."""

    def edit(o):
        o.manners[path] = how

    return edit


def target_manner(how):
    """The same for the target, whose name is known when it is published."""

    def edit(o):
        o.manners[o.content_name()] = how

    return edit


def file(path, change):
    """Replace a published file by a function of its bytes."""

    def late(o):
        o.files[path] = change(o.files.get(path))

    return lambda o: late


def lost(path):
    """A file that is not there."""

    def late(o):
        del o.files[path]

    return lambda o: late
