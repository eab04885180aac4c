"""What a judge written in Python uses: a class to extend, and exceptions that become an error with a traceback.

The functions of the contract themselves are in `wit_world.imports` (`evidence`, `suite`, `host`). Import everything
at the top of a module: inside the sandbox there are no files to import from later.
"""

import json
import traceback

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.plugin import Info
from wit_world.imports import evidence, host, suite
from wit_world.imports.evidence import Channel
from wit_world.imports.types import (
    CaseStatus,
    Counts,
    EndState_Exited,
    Error_Internal,
    Label,
    Status,
    TestCase,
    Verdict,
)

__all__ = [
    "CaseStatus", "Channel", "Counts", "EndState_Exited", "Info", "Judge", "Label", "Status", "TestCase", "Verdict",
    "artifact_text", "describe_end", "evidence", "host", "lines", "read", "suite", "verdict",
]


def read(channel=Channel.COMBINED):
    """The output in chunks of at most 64 KiB, as they come."""
    log = evidence.open_log(channel)
    while chunk := log.read(65536):
        yield chunk


def lines(channel=Channel.COMBINED):
    """The lines of an output without their ends, as they come."""
    log = evidence.open_log(channel)
    while some := log.lines(65536):
        yield from some


def artifact_text(artifact):
    """The whole text of an artifact."""
    chunks = []
    while chunk := artifact.read(65536):
        chunks.append(chunk)
    return b"".join(chunks).decode("utf-8", "replace")


def describe_end(end):
    """How an attempt ended, in a few words."""
    if isinstance(end, EndState_Exited):
        return f"exit {end.value}"
    words = type(end).__name__.removeprefix("EndState_")
    value = getattr(end, "value", "")
    name = getattr(value, "name", value)
    return f"{words}: {name}" if name else words


def verdict(status, summary, counts=None, extra=()):
    """A verdict."""
    return Verdict(status, summary, counts, list(extra))


class Judge(exports.Plugin):
    """Extend this: set `info`, write `decide`, and `validate` for judges with settings."""

    info = Info("unnamed", "0", "", None)

    def decide(self):
        """Returns a Verdict. An exception means that there is none: the suite is errored."""
        raise NotImplementedError

    def validate(self, config):
        """Returns the problems of the config table, each a string."""
        if config and not self.info.config_schema:
            return [f"the judge {self.info.name} takes no configuration: remove its config table"]
        return []

    def describe(self):
        return self.info

    def validate_config(self, text):
        return self.validate(json.loads(text or "{}"))

    def judge(self):
        try:
            return self.decide()
        except Exception as error:
            host.stderr(traceback.format_exc().encode())
            raise Err(Error_Internal(f"{type(error).__name__}: {error}")) from error
