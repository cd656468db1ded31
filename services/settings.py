"""Settings of the reference upstreams, read from the environment (and `.env` in development)."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

DAY_S = 86_400


class ServiceSettings(BaseSettings):
    """One value per environment variable of the same name; absurd ones are refused at start."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    database_url: Annotated[
        str | None, Field(description="sqlite:///path or postgresql://…; default: ./data/NAME.db")
    ] = None
    reservation_ttl_s: Annotated[
        float,
        Field(gt=0, le=7 * DAY_S, description="inventory: life of an uncommitted reservation"),
    ] = 900
    sweep_interval_s: Annotated[
        float,
        Field(gt=0, le=3_600, description="inventory: pause between looks for due reservations"),
    ] = 5
    key_purge_interval_s: Annotated[
        float, Field(gt=0, le=DAY_S, description="database: pause between purges of expired keys")
    ] = 60

    def database_url_for(self, service: str) -> str:
        """Return where `service` keeps its state: the URL given, or its own SQLite file."""
        return self.database_url or f"sqlite:///./data/{service}.db"
