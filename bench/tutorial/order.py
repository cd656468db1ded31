"""What both take from a client and show it: the happy path of the order API."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class _Wire(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Address(_Wire):
    """Where the parcel goes."""

    line1: str
    city: str
    country: str
    postal_code: str


class Item(_Wire):
    """So many units at such a price; a Decimal, as the better tutorials have it."""

    sku: str
    qty: int = Field(gt=0)
    price: Decimal = Field(ge=0)


class OrderRequest(_Wire):
    """The body of `POST /orders`."""

    user_id: str | None = None
    address: Address
    currency: str = "INR"
    items: list[Item] = Field(min_length=1)

    @property
    def total(self) -> str:
        """The sum, with the two digits that most currencies have."""
        return str(sum((i.qty * i.price for i in self.items), Decimal()).quantize(Decimal("0.01")))

    def document(self) -> dict[str, Any]:
        """The order as the database service keeps it."""
        return self.model_dump(mode="json", by_alias=True) | {"total": self.total}


def lines(order: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The items as inventory and shipping want them: without prices."""
    return [{"sku": item["sku"], "qty": item["qty"]} for item in order["items"]]


def shown(record: Mapping[str, Any]) -> dict[str, Any]:
    """The order as a client sees it; `progress` names what was made for it upstream."""
    stamps = {"createdAt": record["createdAt"], "updatedAt": record["updatedAt"]}
    head = {"id": record["id"], "status": record["status"]}
    return {**head, **record["order"], **record["progress"], **stamps}
