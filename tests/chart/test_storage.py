"""Where the reference services keep their state, and where the password comes from."""

from pathlib import PurePosixPath

import pytest
from psycopg.conninfo import conninfo_to_dict

from services.storage import check_url
from tests.chart.installed import Installed
from tests.chart.rendering import Object, parse, render_set

UPSTREAMS = ("database", "inventory", "payment", "shipping")


def variables(value_set: str, component: str) -> dict[str, Object]:
    """The variables of a service that stand in its own pod."""
    container = Installed(parse(render_set(value_set))).container(component)
    return {variable["name"]: variable for variable in container["env"]}


def secret(variable: Object) -> tuple[str, str]:
    """The Secret and the key that a variable is taken from."""
    reference = variable["valueFrom"]["secretKeyRef"]
    return reference["name"], reference["key"]


@pytest.mark.parametrize("name", UPSTREAMS)
def test_a_file_on_the_volume(name: str) -> None:
    """Absolute, four slashes: three would be below the read-only folder of the program."""
    url = variables("minikube", name)["DATABASE_URL"]["value"]
    container = Installed(parse(render_set("minikube"))).container(name)
    mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    file = PurePosixPath(url.removeprefix("sqlite:///"))
    check_url(url)

    assert file.is_absolute()
    assert "data" == mounts[str(file.parent)]
    assert name == file.stem


@pytest.mark.parametrize("name", UPSTREAMS)
def test_the_postgresql_that_is_installed(name: str) -> None:
    """The address names no password; libpq takes it from PGPASSWORD, and that from the Secret."""
    given = variables("postgresql", name)
    server = variables("postgresql", "postgresql")
    address = conninfo_to_dict(given["DATABASE_URL"]["value"])
    installed = Installed(parse(render_set("postgresql")))
    check_url(given["DATABASE_URL"]["value"])

    assert ("orders-postgresql", "password") == secret(given["PGPASSWORD"])
    assert secret(server["POSTGRES_PASSWORD"]) == secret(given["PGPASSWORD"])
    assert "password" not in address
    assert server["POSTGRES_USER"]["value"] == address["user"]
    assert server["POSTGRES_DB"]["value"] == address["dbname"]
    assert installed.has("Service", str(address["host"]))


@pytest.mark.parametrize("name", UPSTREAMS)
def test_a_postgresql_elsewhere(name: str) -> None:
    """The whole address is secret."""
    given = variables("external-database", name)

    assert {"DATABASE_URL": ("orders-database", "DATABASE_URL")} == {
        variable: secret(value) for variable, value in given.items()
    }
