"""deploy.sh, with tools that write down how they were called."""

import re
from pathlib import Path

import pytest

from tests.deploy.fake_tools import DIGEST, ROOT, SCRIPT, TAG, TOOLS, Machine

CHART = str(ROOT / "helm_chart")
IMAGE = "you/order-service"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine on which everything works."""
    return Machine(tmp_path)


def test_without_a_name_on_docker_hub(machine: Machine) -> None:
    """One clear sentence, and nothing is done."""
    machine.environment = {}
    ended = machine.run()

    assert (2, ()) == (ended.code, ended.calls)
    assert "DOCKER_HUB_USERNAME is not set: give your name on Docker Hub" in ended.err


@pytest.mark.parametrize("name", ["You", "you/order", "$USER", "-x"])
def test_a_name_that_is_none(machine: Machine, name: str) -> None:
    """What cannot be part of an image's name is refused before it is built."""
    machine.environment = {"DOCKER_HUB_USERNAME": name}
    ended = machine.run()

    assert (2, ()) == (ended.code, ended.calls)
    assert f"DOCKER_HUB_USERNAME={name} cannot be part of an image's name" in ended.err


def test_help(machine: Machine) -> None:
    """Needs nothing, does nothing, and names every option that there is."""
    machine.environment = {}
    ended = machine.run("--help")
    options = set(re.findall(r"^        (--[a-z-]+)[ |a-z-]*\) ", SCRIPT.read_text(), re.MULTILINE))

    assert (0, ()) == (ended.code, ended.calls)
    assert {"--minikube", "--dry-run", "--uninstall"} < options
    assert set() == {option for option in options if option not in ended.out}


@pytest.mark.parametrize("arguments", [("--minikub",), ("--image",), ("--image", ""), ("here",)])
def test_what_is_misspelt(machine: Machine, arguments: tuple[str, ...]) -> None:
    """Is refused, not ignored."""
    ended = machine.run(*arguments)

    assert (2, ()) == (ended.code, ended.calls)
    assert "--help" in ended.err


def test_build_push_install(machine: Machine) -> None:
    """In this order; what is installed is what was pushed, by its digest."""
    ended = machine.run()
    done = [call[:2] for call in ended.calls]
    (helm,) = ended.called("helm", "upgrade")

    assert 0 == ended.code, ended.err
    assert [
        ("docker", "build"),
        ("docker", "image"),
        ("docker", "tag"),
        ("docker", "push"),
    ] == done[:4]
    assert ("docker", "build", "--tag", f"{IMAGE}:latest", str(ROOT)) == ended.calls[0]
    assert 1 == len(ended.called("docker", "push", f"{IMAGE}:{TAG}"))
    assert ("helm", "upgrade", "--install", "order-service", CHART) == helm[:5]
    assert {f"image.repository={IMAGE}", f"image.tag={TAG}", f"image.digest={DIGEST}"} < set(helm)
    assert {"--wait", "--create-namespace"} < set(helm)
    assert [] == ended.called("minikube")


def test_the_address_and_an_order(machine: Machine) -> None:
    """At the end it says where orders are taken, and how to place one."""
    ended = machine.run()

    assert "Orders are taken at http://10.0.0.7:30001" in ended.out
    assert "curl -i http://10.0.0.7:30001/orders -H" in ended.out
    assert "port-forward service/order-service 8080:8080" in ended.out


def test_a_service_without_a_node_port(machine: Machine) -> None:
    """Is reached by port-forward only."""
    machine.answers = {"kubectl * get service *nodePort*": "true"}
    ended = machine.run("--", "--set", "service.type=ClusterIP")

    assert "Orders are taken at http://localhost:8080" in ended.out


def test_minikube(machine: Machine) -> None:
    """The image is loaded, not pushed; all in Minikube's own context, with the upstreams."""
    ended = machine.run("--minikube")
    (helm,) = ended.called("helm", "upgrade")
    kubectl = ended.called("kubectl")

    assert 0 == ended.code, ended.err
    assert [] == ended.called("docker", "push")
    assert ("minikube", "--profile", "minikube", "image", "load", f"{IMAGE}:{TAG}") in ended.calls
    assert ("helm", "--kube-context", "minikube", "upgrade") == helm[:4]
    assert f"{CHART}/values-minikube.yaml" in helm
    assert not any(word.startswith("image.digest") for word in helm)
    assert {("--context", "minikube")} == {call[1:3] for call in kubectl}
    assert [("minikube", "--profile", "minikube", "addons", "enable", "metrics-server")] == (
        ended.called("addons")
    )
    assert "Orders are taken at http://192.168.49.2:30001" in ended.out


def test_minikube_that_runs_is_not_started(machine: Machine) -> None:
    """Only one that does not."""
    running = machine.run("--minikube")
    machine.answers = {"minikube * status": "exit 85"}
    stopped = machine.run("--minikube")

    assert [] == running.called("minikube", "start")
    assert [("minikube", "--profile", "minikube", "start")] == stopped.called("start")


def test_another_minikube(machine: Machine) -> None:
    """Minikube's own variable names the profile, and so the context."""
    machine.environment["MINIKUBE_PROFILE"] = "demo"
    ended = machine.run("--minikube")

    assert {"demo"} == {call[2] for call in ended.called("minikube")}
    assert 1 == len(ended.called("helm", "--kube-context", "demo", "upgrade"))


def test_the_same_image_has_the_same_tag(machine: Machine) -> None:
    """Run again without a change, it installs the same: nothing is replaced."""
    first = machine.run("--minikube")
    second = machine.run("--minikube")

    assert first.calls == second.calls


def test_an_image_that_is_there(machine: Machine) -> None:
    """Is neither built nor pushed."""
    ended = machine.run("--image", f"localhost:5000/shop/orders:1.2@{DIGEST}")
    (helm,) = ended.called("helm", "upgrade")

    assert [] == ended.called("docker")
    assert {"image.repository=localhost:5000/shop/orders", "image.tag=1.2"} < set(helm)
    assert f"image.digest={DIGEST}" in helm


def test_an_image_without_a_tag(machine: Machine) -> None:
    """Which one would be meant changes with time."""
    ended = machine.run("--image", "localhost:5000/orders")

    assert (2, ()) == (ended.code, ended.calls)
    assert "names no tag" in ended.err


@pytest.mark.parametrize(
    ("version", "flag"), [("v3.17.3+ge4da497", "--atomic"), ("v4.1.4", "--rollback-on-failure")]
)
def test_rollback_as_this_helm_calls_it(machine: Machine, version: str, flag: str) -> None:
    """Helm 4 gave --atomic another name."""
    machine.answers = {"helm version --short": f"echo {version}"}
    ended = machine.run("--rollback")

    assert 1 == len(ended.called("helm", "upgrade", flag))


def test_further_values(machine: Machine) -> None:
    """Files and arguments for Helm come last, so that they win."""
    ended = machine.run("--minikube", "--values", "a b.yaml", "--", "--set", "hpa.enabled=false")
    (helm,) = ended.called("helm", "upgrade")

    assert helm.index(f"{CHART}/values-minikube.yaml") < helm.index("a b.yaml")
    assert ("--set", "hpa.enabled=false") == helm[-2:]


def test_options_that_are_passed_on(machine: Machine) -> None:
    """Platform, names, time, upstreams, test."""
    ended = machine.run(
        *("--platform", "linux/arm64", "--release", "r", "--namespace", "n", "--timeout", "9m"),
        *("--with-upstreams", "--test"),
    )
    (helm,) = ended.called("helm", "upgrade")

    assert 1 == len(ended.called("docker", "build", "linux/arm64"))
    assert {"r", "n", "9m", "upstreams.enabled=true"} < set(helm)
    assert [("helm", "test", "r", "--namespace", "n", "--logs", "--timeout", "9m")] == (
        ended.called("helm", "test")
    )


@pytest.mark.parametrize(
    "arguments", [(), ("--minikube",), ("--uninstall",), ("--rollback", "--test")]
)
def test_dry_run(machine: Machine, arguments: tuple[str, ...]) -> None:
    """Calls nobody, needs no tool, and shows what would be called."""
    machine.tools = ()
    ended = machine.run("--dry-run", *arguments)

    assert (0, ()) == (ended.code, ended.calls), ended.err
    assert "+ helm" in ended.out


def test_a_dry_run_shows_what_is_done(machine: Machine) -> None:
    """The commands that change something, in their order."""
    shown = machine.run("--dry-run", "--minikube").out
    called = machine.run("--minikube", "--test").calls
    words = [line.split()[1] for line in shown.splitlines() if line.startswith("+ ")]

    assert ["minikube", "minikube", "env", "docker", "minikube", "helm"] == words
    assert {"docker", "minikube", "helm"} <= {call[0] for call in called}


def test_uninstall(machine: Machine) -> None:
    """Removes the release, needs no name on Docker Hub, and tells of the volumes that stay."""
    machine.environment = {}
    ended = machine.run("--uninstall", "--minikube")

    assert [
        (
            *("helm", "--kube-context", "minikube", "uninstall", "order-service"),
            *("--namespace", "orders", "--ignore-not-found", "--wait", "--timeout", "5m"),
        )
    ] == list(ended.calls)
    assert "delete pvc --selector app.kubernetes.io/instance=order-service" in ended.out


@pytest.mark.parametrize("missing", TOOLS)
def test_a_tool_that_is_missing(machine: Machine, missing: str) -> None:
    """Is named, with where it comes from, before anything is installed."""
    machine.tools = tuple(tool for tool in TOOLS if tool != missing)
    ended = machine.run("--minikube")

    assert 1 == ended.code
    assert f"there is no {missing} here: " in ended.err
    assert [] == ended.called("helm", "upgrade")


@pytest.mark.parametrize(
    ("fails", "text", "later"),
    [
        ("docker build *", "", "upgrade"),
        ("docker push *", "log in with docker login -u you", "upgrade"),
        ("helm upgrade *", "get pods,events", "service"),
    ],
)
def test_a_step_that_fails(machine: Machine, fails: str, text: str, later: str) -> None:
    """Nothing after it is done; where there is something to look at, it says where."""
    machine.answers = {fails: "exit 1"}
    ended = machine.run()

    assert 1 == ended.code
    assert text in ended.err
    assert [] == ended.called(later)


def test_a_push_without_a_digest(machine: Machine) -> None:
    """Without it nobody knew which image is installed."""
    machine.answers = {"docker image inspect --format {{range*": "true"}
    ended = machine.run()

    assert 1 == ended.code
    assert "does not know the digest" in ended.err
    assert [] == ended.called("helm", "upgrade")
