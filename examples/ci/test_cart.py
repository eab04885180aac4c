"""Two tests, so that there is something to judge."""

import unittest


class Cart(unittest.TestCase):
    def test_total(self):
        self.assertEqual(sum([2, 3]), 5)

    def test_empty(self):
        self.assertEqual(sum([]), 0)


if __name__ == "__main__":
    unittest.main()
