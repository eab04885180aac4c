"""What is left, what is promised, what is shipped."""

import pytest
from stock import OutOfStock, Stock


@pytest.fixture
def stock():
    return Stock(tea=3)


def test_what_is_reserved_is_not_left(stock):
    stock.reserve("tea", 2)
    assert stock.left("tea") == 1


def test_nothing_is_promised_twice(stock):
    stock.reserve("tea", 2)
    with pytest.raises(OutOfStock, match="2 tea wanted, 1 left"):
        stock.reserve("tea", 2)


def test_unknown_things_are_out_of_stock(stock):
    assert stock.left("coffee") == 0
    with pytest.raises(OutOfStock):
        stock.reserve("coffee")


def test_shipping_takes_reserved_pieces(stock):
    stock.reserve("tea")
    stock.ship("tea")
    assert (stock.left("tea"), stock.pieces["tea"]) == (2, 2)


def test_only_what_is_reserved_is_shipped(stock):
    with pytest.raises(OutOfStock, match="were not reserved"):
        stock.ship("tea")
