"""A shop's cart, with a bug: the coupon's cent."""

from decimal import Decimal


def total(prices, coupon=Decimal(0)):
    return sum(prices, Decimal(0)) * (100 - coupon) / 100
