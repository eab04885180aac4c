// {{name}}: passes when the last line of the output is ALL GOOD.
import * as evidence from "tribunal:judge/evidence@0.1.0";
import { describeEnd, eachLine, plugin as define } from "./tribunal.js";

function judge() {
  let last = "";
  eachLine("combined", (line) => {
    if (line !== "") last = line;
  });
  const end = evidence.ended();
  if (end.tag !== "exited" || end.val !== 0) return { status: "failed", summary: describeEnd(end) };
  if (last !== "ALL GOOD") return { status: "failed", summary: "the last line is not ALL GOOD" };
  return { status: "passed", summary: "all good" };
}

export const plugin = define({
  info: { name: "{{name}}", version: "0.1.0", description: "Passes when the last line is ALL GOOD." },
  judge,
});
