"""A shop's stock: what is there, and what is promised to somebody."""


class OutOfStock(Exception):
    """There is not enough left."""


class Stock:
    """Counts pieces; nothing is promised twice."""

    def __init__(self, **pieces):
        self.pieces = dict(pieces)
        self.reserved = {}

    def left(self, name):
        """Returns how many pieces nobody has reserved."""
        return self.pieces.get(name, 0) - self.reserved.get(name, 0)

    def reserve(self, name, count=1):
        """Promises pieces to somebody."""
        if self.left(name) < count:
            raise OutOfStock(f"{count} {name} wanted, {self.left(name)} left")
        self.reserved[name] = self.reserved.get(name, 0) + count

    def ship(self, name, count=1):
        """Hands reserved pieces over."""
        if self.reserved.get(name, 0) < count:
            raise OutOfStock(f"{count} {name} were not reserved")
        self.reserved[name] -= count
        self.pieces[name] -= count
