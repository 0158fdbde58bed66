"""Who may do what. Every view says what it needs; a view that says nothing is refused.

A screen is recognised by the cookie `__Host-device`, the person on it by `__Host-shift`. Both are HttpOnly and
SameSite=Strict. Where the shop has no TLS (`dashboard.https = false`, on 127.0.0.1 or a trusted network) a browser would
refuse the prefix and the Secure mark, so there they are called `device` and `shift`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Final, TypeVar

from flask import Flask, Response, current_app, g, redirect, request

from broker.desk import audit, pairing, passwords, shifts
from broker.desk.apikeys import SCOPES
from broker.desk.people import Person, Screen
from broker.desk.roles import Role
from broker.desk.shifts import Proof, Shift
from broker.web import again, bearer
from broker.web.languages import say
from broker.web.problems import for_script, refuse
from broker.web.stores import current_shop

log = logging.getLogger(__name__)

PERMISSIONS: Final[dict[str, Role]] = {
    "floor.see": Role.STAFF,
    "visit.answer": Role.STAFF,
    "zone.pause": Role.STAFF,
    "ticket.serve": Role.STAFF,
    "report.see": Role.LEAD,
    "lead.see": Role.LEAD,
    "lead.act": Role.LEAD,
    "people.change": Role.MANAGER,
    "screens.change": Role.MANAGER,
    "cameras.change": Role.MANAGER,
    "cameras.count": Role.MANAGER,
    "settings.change": Role.MANAGER,
    "settings.file": Role.ADMIN,
    "office.see": Role.MANAGER,
    **dict.fromkeys(SCOPES, Role.STAFF),
}
"""What a signed-in person may do, and the least role it takes. `public` and `screen` need nobody.

The scopes of keys are among them: a program with such a key may do the same, and nothing else."""

OFFICE_ONLY: Final = frozenset(
    {"people.change", "screens.change", "settings.change", "settings.file", "cameras.change", "office.see"}
)
"""Also takes a screen that was trusted with the manager's role, and more than a PIN: a password, or another house's sign-in.

Whoever counts along beside a camera stands at the door, so `cameras.count` is not one of them: it shows no picture."""

SENSITIVE: Final = frozenset({"people.change", "screens.change"})
"""Changes of who may come in: whoever makes one has typed their password not long ago."""

DEVICE_DAYS: Final = 400
"""How long a browser keeps a cookie at most: a screen that is in use is given its own again every day."""

V = TypeVar("V", bound=Callable[..., object])


def needs(permission: str) -> Callable[[V], V]:
    """Say what a view needs: `public`, `screen`, or a key of PERMISSIONS. Goes below the route decorator."""
    if permission not in PERMISSIONS and permission not in ("public", "screen"):
        raise ValueError(f"{permission!r} is not a permission")

    def marked(view: V) -> V:
        view.permission = permission  # type: ignore[attr-defined]
        return view

    return marked


def set_up(app: Flask) -> None:
    """Guard every request of *app*."""
    app.before_request(_recognise)
    app.before_request(_guard)
    app.after_request(_keep_in)
    app.teardown_request(lambda _: audit.coming_from())
    app.jinja_env.globals.update(may=may, signed_in=signed_in, screen_here=screen_here)


def current_person() -> Person:
    """Return who is signed in. Raises LookupError when nobody is, which a view that needs a person never meets."""
    person = signed_in()
    if person is None:
        raise LookupError("nobody is signed in")
    return person


def current_screen() -> Screen:
    """Return the paired screen that asks. Raises LookupError when it is not paired."""
    screen = screen_here()
    if screen is None:
        raise LookupError("this screen is not paired")
    return screen


def signed_in() -> Person | None:
    """Return who is signed in, or None."""
    person: Person | None = g.get("person")
    return person


def current_shift() -> Shift:
    """Return who is signed in and how. Raises LookupError when nobody is."""
    shift: Shift | None = g.get("shift")
    if shift is None:
        raise LookupError("nobody is signed in")
    return shift


def screen_here() -> Screen | None:
    """Return the paired screen that asks, or None."""
    screen: Screen | None = g.get("screen")
    return screen


def may(permission: str) -> bool:
    """Return whether whoever asks may do this."""
    person, screen = signed_in(), screen_here()
    if permission == "public":
        return True
    if bearer.brought():
        return bearer.opens(permission)
    if screen is None or permission == "screen":
        return screen is not None
    if person is None or not Role(person.role).reaches(PERMISSIONS[permission]):
        return False
    return permission not in OFFICE_ONLY or (Role(screen.role).reaches(Role.MANAGER) and _proved(screen))


def _proved(screen: Screen) -> bool:
    """Return whether whoever is signed in showed by more than a PIN who they are, with a password of their own choice."""
    if not passwords.stands_in_the_office(screen):
        return True
    shift = current_shift()
    chosen = shift.session.proof == Proof.PASSWORD and not passwords.must_choose(current_shop(), shift.person)
    return chosen or shift.session.proof == Proof.PROVIDER


def permission_of(app: Flask, endpoint: str) -> str | None:
    """Return what the view behind *endpoint* needs; static files are public; None for a view that does not say."""
    if endpoint == "static" or endpoint.endswith(".static"):
        return "public"
    return getattr(app.view_functions.get(endpoint), "permission", None)


def _recognise() -> None:
    endpoint = request.endpoint
    if endpoint is None or endpoint.endswith(".static"):
        return
    audit.coming_from(address=request.remote_addr or "")
    if bearer.brought():
        bearer.recognise()
        return
    token = request.cookies.get(cookie_name("device"), "")
    g.screen = pairing.recognised(current_shop(), token) if token else None
    if g.screen is not None:
        audit.coming_from(screen=g.screen.id, address=request.remote_addr or "")
    shift = request.cookies.get(cookie_name("shift"), "")
    if g.screen is not None and shift:
        # What a screen asks by itself must not keep a forgotten session alive.
        touch = request.method != "GET" or not for_script()
        g.shift = shifts.whose(current_shop(), shift, g.screen, touch=touch)
        g.person = g.shift.person if g.shift else None


def _keep_in(answer: Response) -> Response:
    """Give a screen its secret again with the first that it asks for each day: else all fall out as many days after pairing."""
    screen, name = screen_here(), cookie_name("device")
    given = any(line.startswith(f"{name}=") for line in answer.headers.getlist("Set-Cookie"))
    # What anybody may keep, such as a sheet of styles, must have no secret with it.
    if screen is None or given or answer.cache_control.public:
        return answer
    if screen.seen_at.date() < current_shop().clock().date():
        set_cookie(answer, "device", request.cookies[name], lasts=timedelta(days=DEVICE_DAYS))
    return answer


def _guard() -> Response | None:
    if request.endpoint is None:
        return None
    permission = permission_of(current_app, request.endpoint)
    if permission is None:
        log.error("the view %s does not say what it needs, so nobody gets it", request.endpoint)
        return refuse(403)
    if not may(permission):
        return _refusal(permission)
    if permission in SENSITIVE and request.method == "POST" and not bearer.brought():
        return again.asked(current_shift(), current_screen())
    return None


def _refusal(permission: str) -> Response:
    if bearer.brought():
        return bearer.refusal(permission)
    if screen_here() is None:
        return _send("/pair")
    if permission == "screen" or signed_in() is None:
        return _send("/signin")
    office = permission in OFFICE_ONLY and Role(current_person().role).reaches(PERMISSIONS[permission])
    if office and Role(current_screen().role).reaches(Role.MANAGER):
        return _send("/password")
    log.warning("%s on screen %s asked for what needs %s", current_person().id, current_screen().id, permission)
    return refuse(403, detail=say("web.office_only") if office else "")


def _send(where: str) -> Response:
    if for_script() or request.method != "GET":
        return refuse(401, go=where)
    answer = redirect(where)
    assert isinstance(answer, Response)
    return answer


def cookie_name(name: str) -> str:
    """Return what the cookie *name* is called here.

    Browsers send a cookie to every port of a machine: the customers' screens have names of their own, so that one browser
    can be a tablet of the staff and a screen of the customers, as in a demonstration.
    """
    whole = current_app.config["COOKIES_BEGIN"] + name
    return f"__Host-{whole}" if current_app.config["SESSION_COOKIE_SECURE"] else whole


def set_cookie(answer: Response, name: str, value: str, *, lasts: timedelta, same_site: str = "Strict") -> None:
    """Put a secret into the browser that asks; with *same_site* Lax it comes along when another site sends the browser here."""
    answer.set_cookie(
        cookie_name(name), value, max_age=lasts, path="/", httponly=True, samesite=same_site,
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
    )  # fmt: skip


def drop_cookie(answer: Response, name: str, *, same_site: str = "Strict") -> None:
    """Take a secret out of the browser that asks."""
    answer.delete_cookie(
        cookie_name(name), path="/", httponly=True, samesite=same_site, secure=bool(current_app.config["SESSION_COOKIE_SECURE"])
    )
