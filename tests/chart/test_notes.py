"""What people read after an install: the address, an order to copy, and warnings."""

import pytest

from tests.chart.rendering import NAMESPACE, RELEASE, values_file, with_settings
from tests.chart.tools import CHART, helm


def notes(*arguments: str) -> str:
    """The notes of an install (of Helm 4, which shows them without a cluster)."""
    ended = helm(4).run(
        *("install", RELEASE, str(CHART), "--namespace", NAMESPACE, "--dry-run=client", *arguments)
    )
    assert ended.code == 0, ended.err
    return ended.out.partition("NOTES:\n")[2]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ((), "  URL=http://$NODE:30001\n"),
        (with_settings(service__nodePort=None), "jsonpath='{.spec.ports[0].nodePort}')"),
        (
            with_settings(service__type="ClusterIP"),
            "port-forward service/orders-order-service 8080",
        ),
        (
            with_settings(service__type="LoadBalancer"),
            ".status.loadBalancer.ingress[0].*}'):8080\n",
        ),
        (("--values", str(values_file("everything"))), "  URL=https://orders.example.com\n"),
    ],
)
def test_the_address(arguments: tuple[str, ...], line: str) -> None:
    """The notes say where orders are taken."""
    assert line in notes(*arguments)


def test_an_order_to_copy() -> None:
    """With a key, a body and a product that is in stock; and a test."""
    told = notes("--values", str(values_file("minikube")))

    assert 'curl -i $URL/orders -H "X-Idempotency-Key: $(date +%s)"' in told
    assert '"items": [{"sku": "SKU-1", "qty": 2, "price": "499.50"}]' in told
    assert "helm test orders -n shop --logs" in told


def test_warnings() -> None:
    """What is about to surprise somebody is said."""
    told = notes("--values", str(values_file("throw-away")), *with_settings(image__tag="latest"))

    assert "WARNING: upstreams.persistence.enabled=false" in told
    assert "WARNING: image.tag=latest" in told
    assert "WARNING" not in notes()


def test_the_end_of_a_pod_is_told() -> None:
    """How long a pod takes to go is no surprise either."""
    assert "A pod that goes waits 10 s, finishes its orders in 40 s, and is killed after 60 s." in (
        notes()
    )
