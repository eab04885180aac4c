"""41 tests that pass, and one that does not."""

from decimal import Decimal

import pytest

from cart import total


@pytest.mark.parametrize("count", range(41))
def test_total(count):
    assert total([Decimal("2.50")] * count) == Decimal("2.50") * count


def test_total_with_coupon():
    prices = [Decimal("9.99"), Decimal("10.00")]
    assert total(prices, coupon=Decimal(10)) == Decimal("18.00")
