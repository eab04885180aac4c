"""What a judge written in Python uses: a class to extend, and exceptions that become an error with a traceback.

The functions of the contract themselves are in `wit_world.imports` (`evidence`, `suite`, `host`). Import everything
at the top of a module: inside the sandbox there are no files to import from later.

The examples are of a suite that printed `working` and `ALL GOOD`, left `out/a.txt`, and ended with exit code 3.
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
    """The output in chunks of at most 64 KiB, as they come.

    >>> sum(len(chunk) for chunk in read())
    17
    >>> list(read(Channel.STDERR))
    []
    """
    log = evidence.open_log(channel)
    while chunk := log.read(65536):
        yield chunk


def lines(channel=Channel.COMBINED):
    """The lines of an output without their ends, as they come.

    >>> list(lines(Channel.STDOUT))
    ['working', 'ALL GOOD']
    """
    log = evidence.open_log(channel)
    while some := log.lines(65536):
        yield from some


def artifact_text(artifact):
    """The whole text of an artifact.

    >>> [(found.name(), artifact_text(found)) for found in evidence.artifacts("out/*.txt")]
    [('out/a.txt', 'left behind')]
    """
    chunks = []
    while chunk := artifact.read(65536):
        chunks.append(chunk)
    return b"".join(chunks).decode("utf-8", "replace")


def describe_end(end):
    """How an attempt ended, in a few words.

    >>> describe_end(evidence.ended())
    'exit 3'
    """
    if isinstance(end, EndState_Exited):
        return f"exit {end.value}"
    words = type(end).__name__.removeprefix("EndState_")
    value = getattr(end, "value", "")
    name = getattr(value, "name", value)
    return f"{words}: {name}" if name else words


def verdict(status, summary, counts=None, extra=()):
    """A verdict.

    >>> verdict(Status.FAILED, "1 of 3 failed", Counts(2, 1, 0, 0, 0)).summary
    '1 of 3 failed'
    >>> verdict(Status.PASSED, "fine", extra=[Label("slowest", "3 s")]).extra[0].value
    '3 s'
    """
    return Verdict(status, summary, counts, list(extra))


class Judge(exports.Plugin):
    """Extend this as `Plugin`: set `info`, write `decide`, and `validate` for judges with settings.

    >>> class Plugin(Judge):
    ...     info = Info("last-line", "0.1.0", "Passes when the last line is ALL GOOD.", None)
    ...
    ...     def decide(self):
    ...         if list(lines())[-1] != "ALL GOOD":
    ...             return verdict(Status.FAILED, "the last line is another one")
    ...         return verdict(Status.PASSED, "all good")
    >>> Plugin().judge().summary
    'all good'
    >>> Plugin().validate_config('{"minimum": 85}')
    ['the judge last-line takes no configuration: remove its config table']

    What is not caught is an error of the judge, with its traceback in the report:

    >>> class Plugin(Judge):
    ...     def decide(self):
    ...         return {}["total"]
    >>> Plugin().judge()
    Traceback (most recent call last):
    componentize_py_types.Err: Error_Internal(value="KeyError: 'total'")
    """

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
        config = json.loads(text or "{}")
        if not isinstance(config, dict):
            return ["config: a table is expected"]
        return self.validate(config)

    def judge(self):
        try:
            return self.decide()
        except Exception as error:
            host.stderr(traceback.format_exc().encode())
            raise Err(Error_Internal(f"{type(error).__name__}: {error}")) from error
