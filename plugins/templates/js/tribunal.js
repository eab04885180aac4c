// What a judge written in JavaScript uses: a class to extend, and exceptions that become an error with a stack
// instead of a trap. The functions of the contract themselves are imported from `tribunal:judge/…`.
//
// The examples are of a suite that printed `working` and `ALL GOOD`, left `out/a.txt`, and ended with exit code 3.
import * as host from "tribunal:judge/host@0.1.0";
import * as evidence from "tribunal:judge/evidence@0.1.0";

/**
 * Bytes to text; QuickJS has no TextDecoder. What is no UTF-8 becomes U+FFFD.
 * @example
 * decode([0xc3, 0xa4, 0x21, 0xff]) // "ä!\ufffd"
 * decode([0xf0, 0x9f, 0xa6, 0x80]) // "🦀"
 */
export function decode(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; ) {
    const first = bytes[i];
    const extra = first < 0x80 ? 0 : first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : -1;
    let point = extra <= 0 ? first : first & (0x3f >> extra);
    let n = 1;
    while (n <= extra && (bytes[i + n] & 0xc0) === 0x80) point = (point << 6) | (bytes[i + n++] & 0x3f);
    const good = extra >= 0 && n === extra + 1 && point <= 0x10ffff;
    text += good ? String.fromCodePoint(point) : "\ufffd";
    i += good ? n : 1;
  }
  return text;
}

/**
 * Calls `each` with every line of an output ("stdout", "stderr" or "combined"), to its end.
 * @example
 * const found = [];
 * eachLine("combined", (line) => found.push(line));
 * found // ["working", "ALL GOOD"]
 */
export function eachLine(channel, each) {
  const log = evidence.openLog(channel);
  for (let lines = log.lines(65536); lines.length > 0; lines = log.lines(65536)) lines.forEach(each);
}

/**
 * An artifact's whole text.
 * @example
 * evidence.artifacts("out/*.txt").map(artifactText) // ["left behind"]
 */
export function artifactText(artifact) {
  let text = "";
  const chunks = [];
  for (let chunk = artifact.read(65536); chunk.length > 0; chunk = artifact.read(65536)) chunks.push(chunk);
  for (const chunk of chunks) text += decode(chunk);
  return text;
}

/**
 * How an attempt ended, in a few words.
 * @example
 * describeEnd(evidence.ended()) // "exit 3"
 * describeEnd({ tag: "signaled", val: { number: 11, name: "SIGSEGV", coreDumped: false } }) // "killed by SIGSEGV"
 * describeEnd({ tag: "lost", val: "node gone" }) // "lost: node gone"
 */
export function describeEnd(end) {
  if (end.tag === "exited") return `exit ${end.val}`;
  if (end.tag === "signaled") return `killed by ${end.val.name}`;
  return `${end.tag}${end.val ? `: ${end.val}` : ""}`;
}

/**
 * Makes the export `plugin` of an object with `info`, `judge` and, for judges with settings, `validate`.
 * @example
 * const info = { name: "last-line", version: "0.1.0", description: "Passes when the last line is ALL GOOD." };
 * const good = plugin({ info, judge: () => ({ status: "passed", summary: "all good" }) });
 * good.judge().summary // "all good"
 * good.validateConfig('{"minimum": 85}') // ["the judge last-line takes no configuration: remove its config table"]
 * @example What is thrown is an error of the judge, with its stack in the report.
 * const bad = plugin({ info: {}, judge: () => undefined.total });
 * bad.judge() // throws "internal"
 */
export function plugin({ info, judge, validate }) {
  return {
    describe: () => info,
    validateConfig(json) {
      if (validate) return validate(JSON.parse(json || "{}"));
      if (info.configSchema || (json || "{}") === "{}") return [];
      return [`the judge ${info.name} takes no configuration: remove its config table`];
    },
    judge() {
      try {
        return { extra: [], ...judge() };
      } catch (error) {
        const stack = `${error}\n${error?.stack ?? ""}`;
        host.stderr(Uint8Array.from(stack.slice(0, 8192), (c) => c.charCodeAt(0) & 0xff));
        throw { tag: "internal", val: `${error}` };
      }
    },
  };
}
