// Compares the output with a golden file and reports every line that differs.
import * as evidence from "tribunal:judge/evidence@0.1.0";
import * as host from "tribunal:judge/host@0.1.0";
import * as suite from "tribunal:judge/suite@0.1.0";
import { artifactText, describeEnd, eachLine, plugin as define } from "./tribunal.js";

const settings = ["ignore"];

function judge() {
  const { ignore } = JSON.parse(suite.configJson());
  const same = (text) => (ignore ? text.replace(new RegExp(ignore, "g"), "…") : text);
  const got = [];
  eachLine("stdout", (line) => got.push(line));
  const end = evidence.ended();
  if (end.tag !== "exited" || end.val !== 0) return { status: "failed", summary: describeEnd(end) };
  const golden = evidence.artifacts("**/*.golden");
  if (golden.length !== 1) return { status: "errored", summary: `${golden.length} golden files among the artifacts, 1 is wanted` };
  const file = golden[0].name();
  const wanted = artifactText(golden[0]).replace(/\n$/, "").split("\n");
  let different = 0;
  const lines = Math.max(wanted.length, got.length);
  for (let at = 0; at < lines; at++) {
    const [want, have] = [wanted[at] ?? "(no line)", got[at] ?? "(no line)"];
    if (same(want) === same(have)) continue;
    different++;
    host.reportCase({ id: `${file}:${at + 1}`, status: "failed", message: `${have} instead of ${want}`, details: `- ${want}\n+ ${have}`, file, line: at + 1, extra: [] });
  }
  if (different > 0) return { status: "failed", summary: `${different} of ${lines} lines differ from ${file}` };
  return { status: "passed", summary: `${lines} lines as in ${file}` };
}

export const plugin = define({
  info: {
    name: "golden", version: "0.1.0", description: "The output must be that of the golden file.",
    configSchema: '{"type":"object","additionalProperties":false,"properties":{"ignore":{"type":"string"}}}',
  },
  validate: (config) => Object.keys(config).filter((key) => !settings.includes(key)).map((key) => `no setting ${key}; there is: ignore`),
  judge,
});
