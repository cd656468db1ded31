"""The settings, their page and .env.example say the same."""

import json
import re
from pathlib import Path

from dotenv import dotenv_values

from orchestrator.settings import Settings
from services.settings import ServiceSettings

ROOT = Path(__file__).parents[2]


def defaults() -> dict[str, str]:
    """Every setting's default, as it would be written in the environment."""
    return {name.upper(): written(field.default) for name, field in Settings.model_fields.items()}


def written(value: object) -> str:
    """A default as a line of .env would have it."""
    match value:
        case bool():
            return str(value).lower()
        case float():
            return f"{value:g}"
        case dict():
            return json.dumps(value)
        case _:
            return str(value)


def documented() -> dict[str, str]:
    """Name and default of each row of the page's tables."""
    page = (ROOT / "docs" / "settings.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (?:`([^`]*)`|\(empty\)) \|", page, re.MULTILINE)
    return dict(rows)


def test_env_example_holds_every_setting_with_its_default() -> None:
    """Copying .env.example to .env changes nothing."""
    example = dotenv_values(ROOT / ".env.example", interpolate=False)

    assert defaults() == dict(example)


def test_every_setting_is_documented_with_its_default() -> None:
    """The page of settings lists those of the order service, no more and no fewer."""
    of_services = {name.upper() for name in ServiceSettings.model_fields}
    page = {name: value for name, value in documented().items() if name not in of_services}

    assert defaults() == page


def test_the_settings_of_the_services_are_documented() -> None:
    """The page of settings lists those of the reference services too."""
    of_services = {name.upper() for name in ServiceSettings.model_fields}

    assert of_services <= documented().keys()


def test_every_setting_says_what_it_means() -> None:
    """No setting is without a description."""
    silent = [name for name, field in Settings.model_fields.items() if not field.description]

    assert silent == []
