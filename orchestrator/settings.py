"""The settings: environment variables, and `.env` in development. Built once, in app.py.

Each is checked at start; what cannot work is refused with a sentence that says what to change.
docs/settings.md and .env.example list them all (a test keeps the three equal).
"""

import json
import re
from typing import Annotated, Final, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from clients.transport import Network

_URL: Final = re.compile(r"https?://[^\s/?#@]*[^\s/?#@:](/[^\s?#]*)?")
_OWN_NAMES: Final = {
    "inventory": "INVENTORY_URL",
    "payment": "PAYMENT_URL",
    "shipping": "SHIPPING_URL",
    "database": "DATABASE_SERVICE_URL",
}
_UPSTREAM_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9-]{1,64}")


def _base_url(value: str) -> str:
    if not _URL.fullmatch(value) or not _names_a_place(value):
        message = "must be an http:// or https:// address such as http://payment:8005"
        raise ValueError(message)
    return value.rstrip("/")


def _names_a_place(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, or none that exists
        return False


def _from_json(value: object) -> object:
    """Text of the environment; a word that is no JSON is told as such, under the setting's name."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        message = 'must be JSON such as {"fraud": "http://fraud:8010"}'
        raise ValueError(message) from error


def _upstream_names(value: dict[str, str]) -> dict[str, str]:
    for name in value:
        if not _UPSTREAM_NAME.fullmatch(name):
            message = f"{name!r} is not a name of lower-case letters, digits, - and _"
            raise ValueError(message)
        if name in _OWN_NAMES:
            message = f"{name!r} has a setting of its own: {_OWN_NAMES[name]}"
            raise ValueError(message)
    return value


def _header_name(value: str) -> str:
    if value and not _HEADER_NAME.fullmatch(value):
        message = "must be the name of a header such as X-Authenticated-User, or empty"
        raise ValueError(message)
    return value


BaseUrl = Annotated[str, AfterValidator(_base_url)]


class Settings(BaseSettings):
    """How this replica behaves. Names end in their unit: `_s` seconds, `_h` hours."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True
    )

    inventory_url: BaseUrl = Field("http://localhost:8006", description="the inventory service")
    payment_url: BaseUrl = Field("http://localhost:8005", description="the payment service")
    shipping_url: BaseUrl = Field("http://localhost:8007", description="the shipping service")
    database_service_url: BaseUrl = Field(
        "http://localhost:8000", description="the database service"
    )
    extra_upstreams: Annotated[
        dict[str, BaseUrl], NoDecode, BeforeValidator(_from_json), AfterValidator(_upstream_names)
    ] = Field({}, description="further upstreams for steps of your own, as JSON: name to address")
    debug_mode: bool = Field(default=False, description="true: one try for every call, no retries")
    upstream_timeout_s: float = Field(
        5.0, gt=0, le=300, description="one call, from the first byte out to the last byte in"
    )
    upstream_transport: Network = Field(
        "lean",
        description="the network under the calls: lean (our own) or httpx (its own, slower)",
    )
    order_deadline_s: float = Field(
        30.0, gt=0, le=3600, description="the forward way of one order, retries included"
    )
    retry_attempts: int = Field(4, ge=1, le=20, description="tries of one call within the deadline")
    lease_s: float = Field(
        60.0,
        gt=0,
        le=86_400,
        description="how long a silent replica keeps its orders; must exceed deadline + time-out",
    )
    recovery_interval_s: float = Field(
        5.0,
        gt=0,
        le=600,
        description="how often a replica looks for orders whose lease ran out (jittered)",
    )
    resume_window_s: float = Field(
        300.0,
        ge=0,
        le=86_400,
        description="a recovered PENDING order older than this goes back instead of forward",
    )
    # Measured (docs/performance.md): from 8 orders in flight on, more of them only wait for each
    # other (32: half of them 17 ms at saturation, 128: 75 ms); four times as many leave room for
    # upstreams that are slower than ours. Where they take half a second, 32 are 9 orders a second.
    max_in_flight: int = Field(
        32, ge=1, le=10_000, description="orders at once in one replica; more are refused (503)"
    )
    idempotency_ttl_h: float = Field(
        24.0, gt=0, le=8760, description="life of an idempotency key, in hours"
    )
    attention_after: int = Field(
        5, ge=1, le=1000, description="rounds after which a stuck order is flagged for attention"
    )
    breaker_failures: int = Field(
        8, ge=1, le=1000, description="failed calls in a row that open an upstream's circuit"
    )
    breaker_open_s: float = Field(
        5.0, gt=0, le=600, description="how long an open circuit leaves its upstream alone"
    )
    max_body_bytes: int = Field(
        1_048_576, ge=1024, le=16_777_216, description="the largest request body that is read"
    )
    drain_s: float = Field(
        40.0,
        ge=0,
        le=3600,
        description="how long a replica that shuts down finishes orders before it gives them up",
    )
    caller_header: Annotated[str, AfterValidator(_header_name)] = Field(
        "",
        description="header in which your gateway names the authenticated caller; empty: userId",
    )
    log_level: Annotated[str, Field(pattern="^(debug|info|warning|error)$")] = Field(
        "info", description="debug, info, warning or error"
    )

    @model_validator(mode="after")
    def _lease_outlives_the_order(self) -> Self:
        least_s = self.order_deadline_s + self.upstream_timeout_s
        if self.lease_s <= least_s:
            message = (
                f"LEASE_S={self.lease_s:g} must exceed ORDER_DEADLINE_S + UPSTREAM_TIMEOUT_S "
                f"({self.order_deadline_s:g} + {self.upstream_timeout_s:g} = {least_s:g}), or a "
                "replica would lose orders that it is still working on: raise LEASE_S or lower "
                "the other two"
            )
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _call_fits_in_the_order(self) -> Self:
        if self.upstream_timeout_s > self.order_deadline_s:
            message = (
                f"UPSTREAM_TIMEOUT_S={self.upstream_timeout_s:g} must not exceed "
                f"ORDER_DEADLINE_S={self.order_deadline_s:g}, or one silent call would use up the "
                "whole order: lower UPSTREAM_TIMEOUT_S or raise ORDER_DEADLINE_S"
            )
            raise ValueError(message)
        return self

    @property
    def tries(self) -> int:
        """Tries of one call: one while debugging, `retry_attempts` otherwise."""
        return 1 if self.debug_mode else self.retry_attempts

    @property
    def answer_within_s(self) -> float:
        """When a client is answered at the latest: one time-out after the order's deadline."""
        return self.order_deadline_s + self.upstream_timeout_s


def explain_refusal(error: ValidationError) -> str:
    """The errors as lines a person can act on, with the names of the environment variables."""
    lines = ["the order service cannot start with these settings:"]
    for problem in error.errors():
        name = str(problem["loc"][0]).upper() if problem["loc"] else ""
        text = problem["msg"].removeprefix("Value error, ")
        given = f" (it is {problem['input']!r})" if name else ""
        lines.append(f"  {name}: {text}{given}" if name else f"  {text}")
    return "\n".join(lines)
