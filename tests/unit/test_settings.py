"""Settings that cannot work are refused at start, in a sentence that says what to change."""

import pytest
from pydantic import ValidationError

from orchestrator.settings import Settings, explain_refusal
from tests.unit.world import settings


def _refusal(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as refused:
        Settings(_env_file=None)
    return explain_refusal(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("UPSTREAM_TIMEOUT_S", "0"),
        ("UPSTREAM_TIMEOUT_S", "-1"),
        ("UPSTREAM_TIMEOUT_S", "301"),
        ("UPSTREAM_TIMEOUT_S", "nan"),
        ("UPSTREAM_TIMEOUT_S", "inf"),
        ("UPSTREAM_TIMEOUT_S", "soon"),
        ("ORDER_DEADLINE_S", "0"),
        ("ORDER_DEADLINE_S", "1e9"),
        ("ORDER_DEADLINE_S", "nan"),
        ("RETRY_ATTEMPTS", "0"),
        ("RETRY_ATTEMPTS", "21"),
        ("RETRY_ATTEMPTS", "2.5"),
        ("LEASE_S", "0"),
        ("LEASE_S", "inf"),
        ("LEASE_S", "1000000"),
        ("RECOVERY_INTERVAL_S", "0"),
        ("RECOVERY_INTERVAL_S", "601"),
        ("RESUME_WINDOW_S", "-1"),
        ("RESUME_WINDOW_S", "nan"),
        ("MAX_IN_FLIGHT", "0"),
        ("MAX_IN_FLIGHT", "10001"),
        ("MAX_IN_FLIGHT", "many"),
        ("IDEMPOTENCY_TTL_H", "0"),
        ("IDEMPOTENCY_TTL_H", "9000"),
        ("ATTENTION_AFTER", "0"),
        ("BREAKER_FAILURES", "0"),
        ("BREAKER_OPEN_S", "0"),
        ("BREAKER_OPEN_S", "601"),
        ("MAX_BODY_BYTES", "10"),
        ("MAX_BODY_BYTES", "999999999"),
        ("DRAIN_S", "-1"),
        ("DRAIN_S", "3601"),
        ("DEBUG_MODE", "perhaps"),
        ("LOG_LEVEL", "chatty"),
        ("UPSTREAM_TRANSPORT", "carrier-pigeon"),
        ("CALLER_HEADER", "X User"),
        ("CALLER_HEADER", "X-User: evil"),
        ("INVENTORY_URL", "inventory:8006"),
        ("PAYMENT_URL", "ftp://payment"),
        ("SHIPPING_URL", "http://"),
        ("SHIPPING_URL", "http://user:secret@shipping"),
        ("DATABASE_SERVICE_URL", "http://database?x=1"),
        ("DATABASE_SERVICE_URL", "http://data base"),
        ("EXTRA_UPSTREAMS", '{"fraud": "nowhere"}'),
        ("EXTRA_UPSTREAMS", '{"Fraud Check": "http://fraud:1"}'),
        ("EXTRA_UPSTREAMS", "[]"),
    ],
)
def test_an_absurd_value_is_refused_by_its_name(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence names the environment variable, so that a person knows what to change."""
    said = _refusal(monkeypatch, **{name: value})

    assert said.startswith("the order service cannot start with these settings:\n")
    assert f"  {name}: " in said


def test_an_extra_upstream_that_is_no_json_is_refused_by_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The commonest mistake is to write the address alone."""
    said = _refusal(monkeypatch, EXTRA_UPSTREAMS="http://fraud:9000")

    assert "  EXTRA_UPSTREAMS: " in said


@pytest.mark.parametrize("name", ["inventory", "payment", "shipping", "database"])
def test_an_extra_upstream_must_not_take_the_name_of_one_of_the_four(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two addresses for one service: nobody could tell which one is charged."""
    said = _refusal(monkeypatch, EXTRA_UPSTREAMS=f'{{"{name}": "http://elsewhere:1"}}')

    assert "  EXTRA_UPSTREAMS: " in said


@pytest.mark.parametrize(
    "address", ["http://payment:70000", "http://payment:http", "http://:8005", "http://payment:"]
)
def test_an_address_that_nobody_can_connect_to_is_refused(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slip in a port is found at start, not by the first order."""
    said = _refusal(monkeypatch, PAYMENT_URL=address)

    assert "  PAYMENT_URL: " in said


def test_a_lease_shorter_than_deadline_and_time_out_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The sentence has the numbers, the reason and what to change."""
    said = _refusal(monkeypatch, LEASE_S="35")

    expected = (
        "LEASE_S=35 must exceed ORDER_DEADLINE_S + UPSTREAM_TIMEOUT_S (30 + 5 = 35), or a replica "
        "would lose orders that it is still working on: raise LEASE_S or lower the other two"
    )
    assert expected in said


def test_a_lease_that_is_just_long_enough_is_accepted() -> None:
    """More than deadline and time-out together is enough."""
    assert 35.1 == settings(lease_s=35.1).lease_s


def test_a_time_out_longer_than_the_order_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """One silent call must not use up the whole order."""
    said = _refusal(monkeypatch, UPSTREAM_TIMEOUT_S="20", ORDER_DEADLINE_S="10")

    assert "UPSTREAM_TIMEOUT_S=20 must not exceed ORDER_DEADLINE_S=10" in said


def test_every_error_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to start the service five times to learn of five mistakes."""
    said = _refusal(monkeypatch, RETRY_ATTEMPTS="0", MAX_IN_FLIGHT="0", PAYMENT_URL="x")

    assert 4 == len(said.splitlines())
    assert "(it is '0')" in said


def test_the_defaults_are_those_of_the_protocol() -> None:
    """Each default is the one that the documentation's table gives."""
    default = settings()

    assert (5.0, 30.0, 4, 60.0, 5.0, 300.0, 24.0) == (
        default.upstream_timeout_s,
        default.order_deadline_s,
        default.retry_attempts,
        default.lease_s,
        default.recovery_interval_s,
        default.resume_window_s,
        default.idempotency_ttl_h,
    )
    assert "http://localhost:8006" == default.inventory_url
    assert "http://localhost:8005" == default.payment_url
    assert "http://localhost:8007" == default.shipping_url
    assert "http://localhost:8000" == default.database_service_url


def test_debug_mode_means_one_try() -> None:
    """DEBUG_MODE=true switches retries off, whatever RETRY_ATTEMPTS says."""
    assert 1 == settings(debug_mode=True, retry_attempts=9).tries
    assert 9 == settings(debug_mode=False, retry_attempts=9).tries


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compose files pass on variables that nobody has set."""
    monkeypatch.setenv("LEASE_S", "")

    assert 60.0 == Settings(_env_file=None).lease_s


def test_an_address_loses_its_last_slash() -> None:
    """Paths begin with a slash of their own."""
    assert "http://payment:8005/v1" == settings(payment_url="http://payment:8005/v1/").payment_url


def test_upstreams_of_ones_own_are_named_in_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """EXTRA_UPSTREAMS maps names to addresses."""
    monkeypatch.setenv("EXTRA_UPSTREAMS", '{"fraud": "http://fraud:9000/"}')

    assert {"fraud": "http://fraud:9000"} == Settings(_env_file=None).extra_upstreams


def test_settings_do_not_change() -> None:
    """A part that was given a value can rely on it."""
    with pytest.raises(ValidationError):
        settings().lease_s = 1.0  # type: ignore[misc]  # that is the point
