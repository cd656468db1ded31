"""One thread's connection to PostgreSQL: transactions, retries, and coming back after a loss."""

import random
import time
from collections.abc import Callable

import psycopg
from psycopg import errors
from psycopg.rows import dict_row

from services.storage.placeholders import to_pyformat
from services.storage.protocol import Row, StorageUnavailable, T, Tx

Connection = psycopg.Connection[Row]

# A deadlock leaves one survivor each time, so a handful of tries is enough for any crowd of ours.
ATTEMPTS = 6
# The pause before a retry grows from this, jittered, so that the two do not meet again.
FIRST_PAUSE_S = 0.005
CONNECT_TIMEOUT_S = 3
# Bounds on how long a statement, a lock wait or a silent peer may hold a thread, in milliseconds;
# below the five seconds after which callers give up, where it can be.
SESSION = (
    "SET statement_timeout = 10000",
    "SET lock_timeout = 4000",
    "SET idle_in_transaction_session_timeout = 10000",
    "SET default_transaction_isolation = 'read committed'",
    # Answered means durable, whatever the server's default is.
    """
    SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') IN ('off', 'local')
    """,
)
PEER_TIMEOUT_MS = 10_000
RETRIED = (errors.SerializationFailure, errors.DeadlockDetected)
# A primary that became a standby refuses writes: this connection is to the wrong server.
WRONG_SERVER = errors.ReadOnlySqlTransaction


class PostgresTx:
    """A transaction on the connection of one thread."""

    for_update = " FOR UPDATE"
    skip_locked = " FOR UPDATE SKIP LOCKED"

    def __init__(self, connection: Connection) -> None:
        """`connection` is not in autocommit mode: its first statement begins the transaction."""
        self._connection = connection

    def execute(self, sql: str, **params: object) -> list[Row]:
        """See Tx.execute."""
        cursor = self._connection.execute(to_pyformat(sql), params)
        return [] if cursor.description is None else cursor.fetchall()

    def now_ms(self) -> int:
        """See Tx.now_ms."""
        rows = self.execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now")
        now: int = rows[0]["now"]
        return now


class Link:
    """Runs works on one connection, which is opened when needed and dropped when in doubt."""

    def __init__(self, url: str, pause_s: float) -> None:
        """After a failure to connect, the next `pause_s` seconds refuse at once."""
        self._url = url
        self._pause_s = pause_s
        self._connection: Connection | None = None
        self._not_before = 0.0

    def run(self, work: Callable[[Tx], T]) -> T:
        """Run `work` in a transaction and commit it.

        What is certain not to have been committed is tried again where that helps. Raises
        StorageUnavailable when the server cannot be had or the outcome of a commit is unknown, and
        whatever `work` raises.
        """
        for attempt in range(ATTEMPTS):
            connection = self._connect()
            try:
                result = work(PostgresTx(connection))
            except RETRIED:
                self._rollback(connection)
                time.sleep(FIRST_PAUSE_S * 2**attempt * random.uniform(0.5, 1.5))  # noqa: S311
            except (psycopg.OperationalError, psycopg.InterfaceError, WRONG_SERVER) as error:
                self._give_up_unless_stale(connection, error)
            except BaseException:
                self._rollback(connection)
                raise
            else:
                self._commit(connection)
                return result
        raise StorageUnavailable("the transaction met others again and again: repeat")

    def drop(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _give_up_unless_stale(self, connection: Connection, error: psycopg.Error) -> None:
        """Let a work whose connection had died run again; refuse for any other trouble."""
        stale = connection.closed
        self.drop()
        if not stale:
            raise StorageUnavailable(f"PostgreSQL cannot do it now ({_reason(error)})") from error

    def _commit(self, connection: Connection) -> None:
        try:
            connection.commit()
        except psycopg.Error as error:
            self.drop()
            raise StorageUnavailable("the outcome of the commit is unknown: repeat") from error

    def _rollback(self, connection: Connection) -> None:
        try:
            connection.rollback()
        except psycopg.Error:
            self.drop()

    def _connect(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = self._open()
        return self._connection

    def _open(self) -> Connection:
        if time.monotonic() < self._not_before:
            raise StorageUnavailable("PostgreSQL could not be reached a moment ago")
        try:
            return open_connection(self._url)
        except psycopg.Error as error:
            self._not_before = time.monotonic() + self._pause_s
            raise StorageUnavailable(f"PostgreSQL cannot be reached ({_reason(error)})") from error


def open_connection(url: str) -> Connection:
    """Connect and set the bounds of the session."""
    connection: Connection = psycopg.connect(
        url,
        row_factory=dict_row,
        connect_timeout=CONNECT_TIMEOUT_S,
        tcp_user_timeout=PEER_TIMEOUT_MS,
        autocommit=True,
        application_name="order-saga services",
    )
    for statement in SESSION:
        connection.execute(statement.encode())
    connection.autocommit = False
    return connection


def _reason(error: psycopg.Error) -> str:
    """Return the kind of the error: its text may name hosts and users."""
    return error.sqlstate or type(error).__name__
