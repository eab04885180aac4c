"""Passes when every file that coverage.json (of coverage.py) lists is covered well enough."""

import json

from tribunal import (
    CaseStatus, Counts, EndState_Exited, Info, Judge, Status, TestCase, artifact_text, describe_end, evidence, host,
    suite, verdict,
)

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"minimum": {"type": "number", "minimum": 0, "maximum": 100}},
}


class Plugin(Judge):
    info = Info("coverage", "0.1.0", "Every file must be covered by at least `minimum` percent.", json.dumps(SCHEMA))

    def validate(self, config):
        unknown = [f"no setting {key!r}; there is: minimum" for key in config if key != "minimum"]
        minimum = config.get("minimum", 80)
        if not isinstance(minimum, (int, float)) or not 0 <= minimum <= 100:
            unknown.append("minimum: a number from 0 to 100 is expected")
        return unknown

    def decide(self):
        end = evidence.ended()
        if end != EndState_Exited(0):
            return verdict(Status.FAILED, describe_end(end))
        found = evidence.artifacts("**/coverage.json")
        if not found:
            return verdict(Status.ERRORED, "no coverage.json among the artifacts: run `coverage json`")
        minimum = json.loads(suite.config_json()).get("minimum", 80)
        files = json.loads(artifact_text(found[0]))["files"]
        low = 0
        for name, file in sorted(files.items()):
            percent = file["summary"]["percent_covered"]
            good = percent >= minimum
            low += not good
            message = None if good else f"{percent:.1f} % covered, {minimum} % wanted"
            status = CaseStatus.PASSED if good else CaseStatus.FAILED
            host.report_case(TestCase(name, status, None, message, None, name, None, []))
        if not files:
            return verdict(Status.EMPTY, "coverage.json lists no file")
        counts = Counts(len(files) - low, low, 0, 0, 0)
        if low:
            return verdict(Status.FAILED, f"{low} of {len(files)} files are covered below {minimum} %", counts)
        return verdict(Status.PASSED, f"{len(files)} files, each covered to {minimum} % at least", counts)
