"""The talk with the company's identity provider: OpenID Connect by the code flow with PKCE, and what of it is believed."""

from __future__ import annotations

import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from broker.desk.roles import OF_PEOPLE, Role
from broker.desk.vouching import Vouched, of
from broker.settings import BadSettings, OidcSettings
from broker.settings.oidc import is_this_machine

INSTALL: Final = "[oidc] needs packages that are not here: pip install 'greetline[oidc]'"
KEPT_SECONDS: Final = 3600.0
"""How long what the provider says of itself, and its keys, are believed before they are asked for again."""
NEW_KEYS_SECONDS: Final = 60.0
"""How often at most a token with an unknown key makes us ask for the keys again."""
MOST_BYTES: Final = 256 * 1024
"""The longest answer of the provider that is read."""
ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA")
"""Signatures that are believed: by a key that only the provider has. `none` and shared secrets are not among them."""
AT_ONCE: Final = 2
"""Talks at a time: a provider that is slow must not hold every thread that tablets need."""


class NotBelieved(Exception):
    """Nobody is signed in. `why` is "denied", "away", "token" or "group", for the words of the page."""

    def __init__(self, why: str, text: str) -> None:
        super().__init__(text)
        self.why = why


class Provider:
    """One identity provider, as `[oidc]` names it. *clock* is the shop's. Raises BadSettings without the extra `oidc`."""

    def __init__(self, settings: OidcSettings, clock: Callable[[], datetime]) -> None:
        try:
            from authlib.integrations.requests_client import OAuth2Session
        except ImportError:
            raise BadSettings(INSTALL) from None
        self._session: Callable[..., Any] = OAuth2Session
        self.settings = settings
        self._clock = clock
        self._turn = threading.BoundedSemaphore(AT_ONCE)
        self._first = threading.BoundedSemaphore(AT_ONCE)
        self._said: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, dict[str, Any]] | None = None

    def address(self, secret: str, *, again: bool = False) -> str:
        """Return where the browser with *secret* is sent to sign in, *again* even if it is signed in there. Raises NotBelieved."""
        more = {"prompt": "login", "max_age": "0"} if again else {}
        # Without a line to the outside a name alone is looked for longer than any time-out: not in every thread that screens need.
        with nullcontext() if self._known() else _a_turn(self._first), self._talk() as session:
            url, _ = session.create_authorization_url(
                self._metadata()["authorization_endpoint"], state=of(secret, "state"), nonce=of(secret, "nonce"),
                code_verifier=of(secret, "verifier"), **more,
            )  # fmt: skip
        return str(url)

    def vouched(self, secret: str, said: Mapping[str, str], *, since: datetime | None = None) -> Vouched:
        """Return whom the provider vouches for, as it *said* in the address it sent the browser with *secret* back to.

        With *since*, somebody must have signed in there after it. Raises NotBelieved.
        """
        if not hmac.compare_digest(said.get("state", "").encode(), of(secret, "state").encode()):
            raise NotBelieved("token", "the state is not the one this browser was sent away with")
        if said.get("iss", self.settings.issuer) != self.settings.issuer:
            raise NotBelieved("token", "the answer is of another issuer")
        if "code" not in said:
            raise NotBelieved("denied", f"the provider said no: {said.get('error', 'no code')[:100]}")
        with _a_turn(self._turn):
            claims = self._checked(self._token(secret, said["code"]), of(secret, "nonce"))
        self._lately(claims, since)
        return Vouched(
            issuer=str(self.settings.issuer), subject=str(claims["sub"])[:255], role=self._role(claims),
            name=str(claims.get("name") or claims.get("preferred_username") or ""),
        )  # fmt: skip

    def _lately(self, claims: Mapping[str, Any], since: datetime | None) -> None:
        signed_in = claims.get("auth_time", 0)
        if since is not None and signed_in < since.timestamp() - self.settings.clock_skew_seconds:
            raise NotBelieved("token", "they were not asked again who they are: auth_time is too old, or absent")

    def _role(self, claims: Mapping[str, Any]) -> str:
        named = claims.get(self.settings.groups_claim, ())
        groups = [named] if isinstance(named, str) else named if isinstance(named, list) else []
        roles = {self.settings.groups[group] for group in groups if isinstance(group, str) and group in self.settings.groups}
        for role in reversed(OF_PEOPLE):
            if role in roles:
                return str(Role(role))
        raise NotBelieved("group", f"none of their groups has a role here; looked in {self.settings.groups_claim!r}")

    def _token(self, secret: str, code: str) -> str:
        from authlib.integrations.requests_client import OAuthError

        endpoint = self._metadata()["token_endpoint"]
        try:
            with self._talk() as session:
                session.register_compliance_hook("access_token_response", self._read_whole)
                token = session.fetch_token(
                    endpoint, code=code, code_verifier=of(secret, "verifier"), grant_type="authorization_code",
                    allow_redirects=False, stream=True, timeout=self.settings.timeout_seconds,
                )  # fmt: skip
        except OAuthError as no:
            raise NotBelieved("denied", f"the code was not taken: {str(no.error)[:100]}") from None
        except (OSError, ValueError) as trouble:
            raise NotBelieved("away", f"the code could not be handed in: {type(trouble).__name__}") from None
        if not isinstance(token.get("id_token"), str):
            raise NotBelieved("token", "there is no ID token in the answer")
        return str(token["id_token"])

    def _checked(self, id_token: str, nonce: str) -> Mapping[str, Any]:
        from authlib.oidc.core import CodeIDToken
        from joserfc import errors

        try:
            signed = self._signed(id_token)
            options: Any = {
                "iss": {"essential": True, "value": self.settings.issuer},
                "aud": {"essential": True, "value": self.settings.client_id},
            }  # fmt: skip
            params = {"nonce": nonce, "client_id": self.settings.client_id}
            claims = CodeIDToken(signed.claims, signed.header, options, params)
            claims.validate(now=int(self._clock().timestamp()), leeway=self.settings.clock_skew_seconds)
        except errors.ExpiredTokenError:
            raise NotBelieved("token", "the token has expired; compare the clocks of both machines") from None
        except (errors.InvalidClaimError, errors.MissingClaimError) as wrong:
            raise NotBelieved("token", f"the token is not meant for this sign-in: {wrong.claim}") from None
        except (errors.JoseError, ValueError, TypeError, KeyError) as wrong:
            raise NotBelieved("token", f"the token is not signed as it must be: {type(wrong).__name__}") from None
        if not isinstance(claims.get("sub"), str) or not claims["sub"]:
            raise NotBelieved("token", "the token does not say of whom it is")
        return dict(claims)

    def _signed(self, id_token: str) -> Any:
        from joserfc import errors, jwt
        from joserfc.jwk import KeySet

        for fresh in (False, True):
            with suppress(errors.InvalidKeyIdError):
                keys: Any = KeySet.import_key_set(self._key_set(fresh=fresh))
                return jwt.decode(id_token, keys, algorithms=list(ALGORITHMS))
        raise NotBelieved("token", "the token is signed with a key that the provider does not show")

    def _known(self) -> dict[str, Any] | None:
        """Return what the provider said of itself, unless that is too long ago."""
        return self._said[1] if self._said and time.monotonic() - self._said[0] <= KEPT_SECONDS else None

    def _metadata(self) -> dict[str, Any]:
        known = self._known()
        if known is None:
            issuer = str(self.settings.issuer)
            said = self._asked(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            if said.get("issuer") != issuer:
                raise NotBelieved("away", "the provider calls itself by another address than [oidc] issuer")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                self._check_address(name, said.get(name))
            self._said, known = (time.monotonic(), said), said
        return known

    def _check_address(self, name: str, url: object) -> None:
        parts = urlsplit(url) if isinstance(url, str) else urlsplit("")
        inside = is_this_machine(urlsplit(str(self.settings.issuer)).hostname or "")
        if parts.scheme != "https" and not (parts.scheme == "http" and inside and is_this_machine(parts.hostname or "")):
            raise NotBelieved("away", f"the {name} of the provider is not an https address")

    def _key_set(self, *, fresh: bool) -> dict[str, Any]:
        age = KEPT_SECONDS if self._keys is None else time.monotonic() - self._keys[0]
        if self._keys is None or age >= (NEW_KEYS_SECONDS if fresh else KEPT_SECONDS):
            self._keys = (time.monotonic(), self._asked(self._metadata()["jwks_uri"]))
        return self._keys[1]

    def _asked(self, url: str) -> dict[str, Any]:
        try:
            with self._talk() as session:
                answer = session.request(
                    "GET", url, withhold_token=True, allow_redirects=False, stream=True, timeout=self.settings.timeout_seconds
                )
                said = json.loads(self._read_whole(answer).content)
        except (OSError, ValueError) as trouble:
            raise NotBelieved("away", f"{urlsplit(url).path} was not answered: {type(trouble).__name__}") from None
        if not isinstance(said, dict):
            raise NotBelieved("away", f"{urlsplit(url).path} was not answered with an object")
        return said

    def _read_whole(self, answer: Any) -> Any:
        """Read an answer, no more than MOST_BYTES and no longer than the time it has. Raises OSError for any other."""
        if answer.status_code >= 300 and answer.status_code not in (400, 401):
            raise OSError(f"status {answer.status_code}")
        began, read = time.monotonic(), b""
        for piece in answer.iter_content(8192):
            read += piece
            if len(read) > MOST_BYTES or time.monotonic() - began > self.settings.timeout_seconds:
                answer.close()
                raise OSError("too long, or too slow")
        answer._content = read
        return answer

    def _talk(self) -> Any:
        return self._session(
            self.settings.client_id, self._secret(), scope=" ".join(self.settings.scopes), redirect_uri=self.settings.redirect_uri,
            code_challenge_method="S256", token_endpoint_auth_method=None if self.settings.client_secret_file else "none",
        )  # fmt: skip

    def _secret(self) -> str | None:
        if self.settings.client_secret_file is None:
            return None
        try:
            lines = self.settings.client_secret_file.read_text(encoding="utf-8").split()
        except (OSError, UnicodeDecodeError) as wrong:
            raise NotBelieved("away", f"{self.settings.client_secret_file.name} cannot be read: {type(wrong).__name__}") from None
        return lines[0] if lines else None


@contextmanager
def _a_turn(turns: threading.BoundedSemaphore) -> Iterator[None]:
    """A talk with the provider. Raises NotBelieved while AT_ONCE of them go on."""
    if not turns.acquire(blocking=False):
        raise NotBelieved("away", f"{AT_ONCE} talks with the provider are going on")
    try:
        yield
    finally:
        turns.release()
