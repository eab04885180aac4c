"""{{name}}: passes when the last line of the output is ALL GOOD."""

from tribunal import EndState_Exited, Info, Judge, Status, describe_end, evidence, lines, verdict


class Plugin(Judge):
    info = Info("{{name}}", "0.1.0", "Passes when the last line is ALL GOOD.", None)

    def decide(self):
        last = ""
        for line in lines():
            last = line or last
        end = evidence.ended()
        if end != EndState_Exited(0):
            return verdict(Status.FAILED, describe_end(end))
        if last != "ALL GOOD":
            return verdict(Status.FAILED, "the last line is not ALL GOOD")
        return verdict(Status.PASSED, "all good")
