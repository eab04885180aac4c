// Runs the `@example`s of the SDK for JavaScript: node doctests.mjs FOLDER, which has tribunal.js.
//
// A line `expression // value` is a claim; `// throws "tag"` claims that it throws an object with this tag. Other
// lines are run. What only a host can do is done by the few lines below; the examples say what they assume of it.
import assert from "node:assert";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

const source = fs.readFileSync(path.join(process.argv[2], "tribunal.js"), "utf8");
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "tribunal-doctests-"));
const modules = {
  host: `export const told = []; export const stderr = (bytes) => told.push(String.fromCharCode(...bytes));`,
  evidence: `
    const reader = (text) => ({
      lines: () => { const now = text.split("\\n").slice(0, -1); text = ""; return now; },
      read: () => { const now = [...Buffer.from(text)]; text = ""; return now; },
    });
    export const openLog = (channel) => reader(channel === "stderr" ? "" : "working\\nALL GOOD\\n");
    export const artifacts = () => [reader("left behind")];
    export const ended = () => ({ tag: "exited", val: 3 });`,
};

const claim = (line) => {
  const [, expression, value] = line.match(/^(.*\S) \/\/ (.*)$/) ?? [];
  if (value === undefined) return line;
  if (!value.startsWith("throws ")) return `tried(); assert.deepStrictEqual(${expression}, ${value});`;
  return `tried(); assert.throws(() => ${expression}, (error) => error.tag === ${value.slice(7)});`;
};

let tried = 0;
let bodies = "";
for (const [, comment, name] of source.matchAll(/\/\*\*((?:(?!\*\/)[^])*)\*\/\nexport function (\w+)/g)) {
  const [, ...examples] = comment.split(/@example.*\n/);
  if (examples.length === 0) throw new Error(`${name} has no example`);
  for (const example of examples) {
    const lines = example.split("\n").map((line) => line.replace(/^ \* ?/, "").trim());
    bodies += `{\n${lines.filter((line) => line !== "").map(claim).join("\n")}\n}\n`;
  }
}
try {
  for (const [name, text] of Object.entries(modules)) fs.writeFileSync(path.join(scratch, `${name}.mjs`), text);
  const local = source.replace(/"tribunal:judge\/(\w+)@[\d.]+"/g, '"./$1.mjs"');
  const file = path.join(scratch, "examples.mjs");
  fs.writeFileSync(file, `${local}\nexport function run(assert, tried) {\n${bodies}return host.told;\n}\n`);
  const told = (await import(file)).run(assert, () => tried++);
  assert.ok(told.some((text) => text.includes("TypeError")), "the stack was not told");
  assert.ok(tried > 5, `only ${tried} examples were found`);
  console.log(`${tried} examples, 0 failed`);
} finally {
  fs.rmSync(scratch, { recursive: true });
}
