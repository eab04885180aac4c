"""Runs the examples in the documentation of a Python module of the SDK: python3 doctests.py FOLDER

FOLDER has tribunal.py and beside it what `make bindings` makes of the contract. What only a host can do is done by the
few lines below; the examples say what they assume of it.
"""

import doctest
import sys

sys.path.insert(0, sys.argv[1])

import tribunal
from wit_world.imports.types import EndState_Exited


class Text:
    """A log or an artifact: read once, in order."""

    def __init__(self, text, name=""):
        self.rest = text.encode()
        self.called = name

    def name(self):
        return self.called

    def read(self, limit):
        chunk, self.rest = self.rest[:limit], self.rest[limit:]
        return chunk

    def lines(self, limit):
        return self.read(limit).decode().splitlines()


OUTPUT = {tribunal.Channel.STDERR: ""}
told = []
tribunal.evidence.open_log = lambda channel: Text(OUTPUT.get(channel, "working\nALL GOOD\n"))
tribunal.evidence.artifacts = lambda glob: [Text("left behind", glob.replace("*", "a"))]
tribunal.evidence.ended = lambda: EndState_Exited(3)
tribunal.host.stderr = told.append

failed, tried = doctest.testmod(tribunal)
if not any(b"KeyError: 'total'" in text for text in told):
    print("the traceback was not told")
    failed += 1
print(f"{tried} examples, {failed} failed")
sys.exit(failed != 0 or tried == 0)
