"""How each camera looks: its plan as the settings file gives it or as it was drawn, version by version."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from broker.desk import audit
from broker.domain.facts import Fact, FactKind
from broker.domain.moves import IllegalMove
from broker.settings import Area, Line, Plan, ZoneKind
from broker.shop import Shop
from broker.store import devices, journal, people, plans
from broker.store.database import change

log = logging.getLogger(__name__)

MAX_PLAN_BYTES: Final = 7_500
"""A plan as JSON. With its envelope it must fit in one message of the wire, which is 8 KiB at most."""
DIGITS: Final = 4
"""Decimals of a coordinate: a tenth of a pixel in a picture of 1000."""
SHORTEST_LINE: Final = 0.01
"""Fraction of the picture; a shorter line is a slip of the finger."""
SMALLEST_AREA: Final = 0.0001
"""Fraction of the picture."""

OF_NOBODY: Final = frozenset({ZoneKind.IGNORE, ZoneKind.STAFF_ONLY})
"""Areas in which nobody is counted; they belong to no zone of the shop."""

Named = tuple[Line, ...] | tuple[Area, ...]


class BadPlan(ValueError):
    """The plan cannot be used. The text says what is wrong and what to do, to the person who drew it."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One version of a camera's plan: drawn by the person with id `by`, called `name`."""

    plan: Plan
    saved_at: datetime
    by: str
    name: str


def current(shop: Shop, camera: str) -> Plan | None:
    """Return the plan in force: the newest drawn one, else the settings file's (version 0).

    None for a camera of which neither knows: it has a settings file of its own, and `inquiry.shown` asks it.
    """
    for row in plans.of(shop.db, camera):
        if plan := _read(row):
            return plan
    return _of_settings(shop, camera)


def save(shop: Shop, camera: str, plan: Plan, by: str, *, base: int) -> Plan:
    """Make *plan*, which was drawn over version *base*, the next version; return it as it is saved.

    The service sends it to the camera within a second, or when the camera is back. Raises KeyError for no such camera,
    BadPlan, and IllegalMove when somebody saved another version meanwhile.
    """
    if not _known(shop, camera):
        raise KeyError(camera)
    plan = _checked(shop, plan)
    with change(shop.db):
        return _write(shop, camera, plan, by, base=base)


def put_back(shop: Shop, camera: str, version: int, by: str, *, base: int | None = None) -> Plan:
    """Make an older version the newest again; 0 is the settings file's. Return it under its new number.

    Raises KeyError for no such camera or version, BadPlan when it names a zone that is gone, and IllegalMove when *base*
    is given and is not the newest version.
    """
    with change(shop.db):
        row = plans.find(shop.db, camera, version)
        old = _read(row) if row else _of_settings(shop, camera) if version == 0 else None
        if old is None:
            raise KeyError(f"{camera} {version}")
        return _write(shop, camera, _checked(shop, old), by, base=_newest(shop, camera) if base is None else base)


def history(shop: Shop, camera: str) -> list[Drawn]:
    """Return the drawn versions that are kept, newest first."""
    rows = [(row, _read(row)) for row in plans.of(shop.db, camera)]
    return [Drawn(plan, row.saved_at, row.by, _name(shop, row.by)) for row, plan in rows if plan]


def changes(before: Plan | None, after: Plan) -> dict[str, object]:
    """Return what *after* does otherwise: names of lines and areas added, removed and changed; view; staff signs.

    Only what differs is in it. This is what the journal keeps and what a page asks to confirm.
    """
    before = before or Plan()
    said: dict[str, object] = {}
    for what, old, new in (("lines", before.lines, after.lines), ("areas", before.areas, after.areas)):
        said |= {what: differing} if (differing := _differing(old, new)) else {}
    if before.view != after.view:
        said["view"] = after.view
    signs = [name for name in type(after.staff).model_fields if getattr(before.staff, name) != getattr(after.staff, name)]
    return said | ({"staff": signs} if signs else {})


def _differing(old: Named, new: Named) -> dict[str, list[str]]:
    was, now = {one.id: one for one in old}, {one.id: one for one in new}
    found = {
        "added": [name for name in now if name not in was],
        "removed": [name for name in was if name not in now],
        "moved": [name for name in now if name in was and was[name].points != now[name].points],
        "changed": [name for name in now if name in was and _rest(was[name]) != _rest(now[name])],
    }
    return {what: names for what, names in found.items() if names}


def _rest(part: Line | Area) -> dict[str, object]:
    return part.model_dump(exclude={"points"})


def _write(shop: Shop, camera: str, plan: Plan, by: str, *, base: int) -> Plan:
    last = plans.newest(shop.db, camera)
    newest = last.version if last else 0
    if base != newest:
        who = (last and _name(shop, last.by)) or "Somebody"
        why = f"{who} saved version {newest} of this camera meanwhile. Look at it before you save yours."
        raise IllegalMove("plan", f"version {newest}", "save", why)
    before, now = current(shop, camera), shop.clock()
    plan = plan.model_copy(update={"version": newest + 1})
    plans.save(shop.db, plans.Row(camera, plan.version, now, by, _json(plan)))
    body: dict[str, object] = {"version": plan.version, "before": base, "what": changes(before, plan)}
    zone = plan.lines[0].zone if plan.lines else ""
    journal.append(shop.db, Fact(kind=FactKind.CAMERA_PLANNED, subject=camera, at=now, zone=zone, by=by, body=body))
    after: dict[str, object] = {"version": plan.version, "changed": body["what"]}
    audit.write(shop, "plans.saved", camera, by=by, before={"version": base}, after=after)
    return plan


def _checked(shop: Shop, plan: Plan) -> Plan:
    """Return *plan* with coordinates rounded. Raises BadPlan."""
    lines = tuple(line.model_copy(update={"points": _rounded(line.points)}) for line in plan.lines)
    areas = tuple(area.model_copy(update={"points": _rounded(area.points)}) for area in plan.areas)
    plan = plan.model_copy(update={"lines": lines, "areas": areas})
    for line in plan.lines:
        _check_line(shop, line)
    for area in plan.areas:
        _check_area(shop, area)
    if len(_json(plan).encode()) > MAX_PLAN_BYTES:
        raise BadPlan("The areas have too many corners together to be sent to the camera. Draw them with fewer.")
    return plan


def _check_line(shop: Shop, line: Line) -> None:
    (x1, y1), (x2, y2) = line.points
    if abs(x2 - x1) + abs(y2 - y1) < SHORTEST_LINE:
        raise BadPlan(f"Line {line.id} has no length. Draw it from one side of the door to the other.")
    if line.zone not in shop.zones:
        raise BadPlan(f"Line {line.id} opens into zone {line.zone}, which this shop does not have. Choose one of its zones.")


def _check_area(shop: Shop, area: Area) -> None:
    pairs = zip(area.points, (*area.points[1:], area.points[0]), strict=True)
    if abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs)) / 2 < SMALLEST_AREA:
        raise BadPlan(f"Area {area.id} encloses nothing. Draw its corners one after the other around it.")
    wanted = area.zone if area.kind in OF_NOBODY else area.place
    if wanted is not None and wanted not in shop.zones:
        raise BadPlan(f"Area {area.id} belongs to zone {wanted}, which this shop does not have. Choose one of its zones.")


def _rounded(points: Iterable[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    return tuple((round(x, DIGITS), round(y, DIGITS)) for x, y in points)


def _json(plan: Plan) -> str:
    return plan.model_dump_json(exclude_none=True)


def _read(row: plans.Row) -> Plan | None:
    """Return the plan in *row*, or None when this version of Greetline cannot read it: the service must go on."""
    try:
        return Plan.model_validate(json.loads(row.body) | {"version": row.version})
    except ValueError as wrong:
        log.error("plan %d of camera %s cannot be read and is passed over: %s", row.version, row.camera, wrong)
        return None


def _of_settings(shop: Shop, camera: str) -> Plan | None:
    return next((known.plan for known in shop.settings.cameras if known.id == camera), None)


def _known(shop: Shop, camera: str) -> bool:
    device = devices.find(shop.db, camera)
    return _of_settings(shop, camera) is not None or (device is not None and device.kind == "camera")


def _newest(shop: Shop, camera: str) -> int:
    last = plans.newest(shop.db, camera)
    return last.version if last else 0


def _name(shop: Shop, person_id: str) -> str:
    person = people.person(shop.db, person_id)
    return person.name if person else ""
