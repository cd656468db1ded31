"""Our ids are those of the standard library."""

from uuid import RFC_4122, UUID, uuid4, uuid5

from orchestrator.ids import named_id, random_id


def test_a_named_id_is_version_5() -> None:
    """For any parent and name."""
    for _ in range(200):
        parent = uuid4()
        for name in ("reservation", "payment", "shipment", "", "Zürich"):
            assert str(uuid5(parent, name)) == named_id(str(parent), name)


def test_a_random_id_is_version_4() -> None:
    """Its version and variant are right, and no two are the same."""
    made = [random_id() for _ in range(500)]

    for one in made:
        assert (4, RFC_4122) == (UUID(one).version, UUID(one).variant)
        assert str(UUID(one)) == one
    assert len(made) == len({*made})
