"""A shopping cart that counts in cents."""

from dataclasses import dataclass, field


class CartError(Exception):
    """Something that cannot be done with a cart."""


def parse_price(text):
    """Returns the cents of a price like "12.30" or "5"."""
    whole, dot, cents = text.strip().partition(".")
    if not whole.isdigit() or (dot and (len(cents) != 2 or not cents.isdigit())):
        raise CartError(f"not a price: {text!r}")
    return int(whole) * 100 + int(cents or 0)


def format_price(cents):
    """Returns a price like "12.30"."""
    return f"{cents // 100}.{cents % 100:02}"


@dataclass
class Cart:
    """What somebody is about to buy."""

    lines: dict = field(default_factory=dict)
    discount: int = 0

    def add(self, name, cents, count=1):
        """Puts `count` pieces at `cents` each into the cart."""
        if count < 1:
            raise CartError(f"cannot add {count} of {name}")
        price, before = self.lines.get(name, (cents, 0))
        if price != cents:
            raise CartError(f"{name} costs {format_price(price)}, not {format_price(cents)}")
        self.lines[name] = (cents, before + count)

    def remove(self, name):
        """Takes all pieces of `name` out of the cart."""
        if self.lines.pop(name, None) is None:
            raise CartError(f"there is no {name} in the cart")

    def total(self):
        """Returns the cents to pay; a discount in per cent rounds in the shop's favour."""
        full = sum(cents * count for cents, count in self.lines.values())
        return full - full * self.discount // 100
