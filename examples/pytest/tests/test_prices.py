"""Prices as people write them."""

import pytest
from cart import CartError, format_price, parse_price


@pytest.mark.parametrize(
    ("text", "cents"), [("5", 500), ("12.30", 1230), (" 0.05 ", 5), ("1000", 100000)]
)
def test_prices_are_read(text, cents):
    assert parse_price(text) == cents


@pytest.mark.parametrize("text", ["", "free", "1.5", "-3", "1.234", "1,50"])
def test_what_is_no_price_is_refused(text):
    with pytest.raises(CartError, match="not a price"):
        parse_price(text)


def test_a_price_survives_the_way_there_and_back():
    assert format_price(parse_price("12.30")) == "12.30"
