"use strict";
// The page's script: reads the data blocks, shows lists that render only what is seen, keeps its state in the address.
// Foreign text reaches the document through textContent alone.
(() => {
  const $ = (id) => document.getElementById(id);
  const el = (tag, props, ...kids) => {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(props || {})) {
      if (value == null || value === false) continue;
      if (key === "class") node.className = value;
      else if (key === "text") node.textContent = clean(String(value));
      else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else node.setAttribute(key, value === true ? "" : value);
    }
    for (const kid of kids.flat(Infinity)) if (kid != null && kid !== "") node.append(kid.nodeType ? kid : clean(String(kid)));
    return node;
  };
  const number = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");
  const plural = (n, word) => `${number(n)} ${word}${n === 1 ? "" : "s"}`;
  const size = (n) => n < 1024 ? `${n} B` : n < 1 << 20 ? `${(n / 1024) | 0} KiB` : `${(n / (1 << 20)).toFixed(1)} MiB`;
  const time = (ms) => ms < 10000 ? `${(ms / 1000).toFixed(2)}s` : ms < 60000 ? `${(ms / 1000).toFixed(1)}s`
    : ms < 3600000 ? `${(ms / 60000) | 0}m${String(((ms % 60000) / 1000) | 0).padStart(2, "0")}s`
      : `${(ms / 3600000) | 0}h${String(((ms % 3600000) / 60000) | 0).padStart(2, "0")}m`;
  // As on the terminal: no control character, no direction override.
  const clean = (text) => text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "");

  async function inflate(node) {
    const raw = atob(node.textContent), bytes = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  const STATUS = { p: "passed", f: "failed", e: "errored", s: "skipped", l: "flaky" };
  const SIGN = { passed: "✓", flaky: "~", failed: "✗", empty: "✗", "timed-out": "✗", errored: "!", incomplete: "?",
    cancelled: "-", skipped: "-" };
  const words = (status) => status.replace("-", " ");
  const badge = (status) => el("span", { class: `status ${status}` },
    el("span", { "aria-hidden": "true", text: `${SIGN[status]} ` }), words(status));

  let run, cases, logs, state = {}, suiteRows, caseRows, shownCases = [], shownSuites = [];

  // --- the filter: s:failed suite:unit file:cart label:team=pay dur:>5s -word "exact text" ---
  const KEYS = ["s", "suite", "file", "label", "dur"];
  function parse(query) {
    const tokens = [];
    for (const match of query.matchAll(/(-?)(?:(\w+):)?(?:"([^"]*)"|(\S+))/g)) {
      const known = KEYS.includes(match[2]);
      const text = match[3] ?? match[4];
      tokens.push({ not: match[1] === "-", key: known ? match[2] : "",
        text: (known || !match[2] ? text : `${match[2]}:${text}`).toLowerCase() });
    }
    return tokens;
  }
  const duration = (text) => {
    const match = /^([<>]?)([\d.]+)(ms|s|m)?$/.exec(text);
    if (!match) return null;
    const ms = parseFloat(match[2]) * { ms: 1, s: 1000, m: 60000 }[match[3] || "s"];
    return match[1] === "<" ? (x) => x < ms : (x) => x > ms;
  };
  const PROBLEM = new Set(["failed", "timed-out", "empty", "errored", "incomplete", "cancelled"]);
  const isStatus = (status, text) => text === "problem" ? PROBLEM.has(status) : status === text.replace("_", "-");
  /** Same key: one must hold; different keys: all must. */
  function matcher(tokens, test) {
    const groups = new Map();
    const nots = tokens.filter((token) => token.not);
    for (const token of tokens) {
      if (token.not) continue;
      const key = token.key || `text ${token.text}`;
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(token);
    }
    const all = [...groups.values()];
    return (item) => all.every((group) => group.some((token) => test(token, item)))
      && !nots.some((token) => test(token, item));
  }
  const suiteTest = (token, suite) => {
    switch (token.key) {
      case "s": return isStatus(suite.status, token.text);
      case "suite": return suite.name.toLowerCase().includes(token.text);
      case "label": return Object.entries(suite.intro?.labels || {}).some(([k, v]) => `${k}=${v}`.toLowerCase() === token.text);
      case "dur": return duration(token.text)?.(suite.duration_ms) ?? false;
      case "file": return true;
      default: return suite.haystack.includes(token.text);
    }
  };
  const caseTest = (token, i) => {
    const suite = run.suites[cases.suite[i]];
    switch (token.key) {
      case "s": return token.text === "problem" ? cases.status[i] === "f" || cases.status[i] === "e"
        : isStatus(STATUS[cases.status[i]], token.text);
      case "suite": case "label": return suiteTest(token, suite);
      case "file": return cases.lowFiles[cases.file[i]].includes(token.text);
      case "dur": return duration(token.text)?.(cases.ms[i]) ?? false;
      default: return cases.low[i].includes(token.text) || cases.lowTexts[cases.message[i]].includes(token.text)
        || suite.name.toLowerCase().includes(token.text);
    }
  };

  // --- a list that renders what is seen ---
  function virtual(box, height, render, label) {
    const fill = el("div", { class: "fill" });
    box.append(fill);
    let items = [], picked = -1, drawn = "";
    const draw = (force) => {
      const from = Math.max(0, ((box.scrollTop / height) | 0) - 4);
      const to = Math.min(items.length, from + ((box.clientHeight / height) | 0) + 10);
      const key = `${from}-${to}`;
      if (!force && key === drawn) return;
      drawn = key;
      fill.replaceChildren();
      for (let i = from; i < to; i++) {
        const row = render(items[i], i);
        row.style.setProperty("top", `${i * height}px`);
        row.id = `${label}-${i}`;
        row.setAttribute("role", "option");
        row.setAttribute("aria-posinset", i + 1);
        row.setAttribute("aria-setsize", items.length);
        row.setAttribute("aria-selected", String(i === picked));
        fill.append(row);
      }
      if (picked >= from && picked < to) box.setAttribute("aria-activedescendant", `${label}-${picked}`);
      else box.removeAttribute("aria-activedescendant");
    };
    box.addEventListener("scroll", () => draw());
    return {
      set(list, at) {
        items = list; picked = at ?? -1; drawn = "";
        fill.style.setProperty("height", `${Math.max(1, items.length) * height}px`);
        box.style.setProperty("height", `${Math.min(items.length * height + 2, 420)}px`);
        box.hidden = items.length === 0;
        draw(true);
      },
      pick(at) {
        picked = at;
        if (at >= 0) {
          if (at * height < box.scrollTop) box.scrollTop = at * height;
          const end = (at + 1) * height - box.clientHeight;
          if (end > box.scrollTop) box.scrollTop = end;
        }
        draw(true);
      },
      get picked() { return picked; },
      get items() { return items; },
      draw,
    };
  }

  // --- the address is the state ---
  const read = () => Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  function go(change, replace) {
    const next = { ...state, ...change };
    for (const key of Object.keys(next)) if (next[key] == null || next[key] === "") delete next[key];
    const hash = `#${new URLSearchParams(next)}`;
    if (replace) history.replaceState(null, "", hash); else if (hash !== location.hash) history.pushState(null, "", hash);
    show(next);
  }
  const suiteLink = (name) => ({ suite: name, case: null, attempt: null, log: null });
  const copy = (text, note) => async () => {
    try { await navigator.clipboard.writeText(text); say(`${note} copied`); }
    catch { const box = el("textarea", { "aria-label": note }); box.value = text; document.body.append(box); box.select();
      document.execCommand("copy"); box.remove(); say(`${note} copied`); }
  };
  const say = (text) => { $("said").textContent = text; };

  // --- sorting: by urgency, or by what a header says; once more the other way round, then as before ---
  const SORTS = {
    sort: { all: () => run.order, name: (i) => run.suites[i].name, time: (i) => run.suites[i].duration_ms },
    csort: { all: () => cases.order, name: (i) => cases.id[i], time: (i) => cases.ms[i] },
  };
  const sorted = {};
  function ordered(which) {
    const by = SORTS[which], asked = state[which] || "", down = asked.startsWith("-"), value = by[asked.replace("-", "")];
    if (!value || value === by.all) return by.all();
    const key = `${which} ${asked}`;
    sorted[key] ||= [...by.all()].sort((a, b) => {
      const x = value(a), y = value(b);
      return (x < y ? -1 : x > y ? 1 : 0) * (down ? -1 : 1);
    });
    return sorted[key];
  }
  const FIRST = { name: "name", time: "-time" };
  const sorters = (which, what) => el("div", { class: "sort", role: "group", "aria-label": `Sort ${what}` },
    [["", "Status"], ["name", "Name"], ["time", "Time"]].map(([by, text]) => el("button", { class: "plain", "data-sort": `${which} ${by}`,
      onclick: () => {
        const now = state[which] || "", first = FIRST[by] || null, other = first && (first.startsWith("-") ? by : `-${by}`);
        go({ [which]: now === first ? other : now === other ? null : first }, true);
      } }, text)));
  function markSorters() {
    for (const button of document.querySelectorAll("[data-sort]")) {
      const [which, by] = button.dataset.sort.split(" "), now = state[which] || "", on = now.replace("-", "") === by;
      button.setAttribute("aria-pressed", String(on));
      button.dataset.way = !on || !by ? "" : now.startsWith("-") ? " ↓" : " ↑";
    }
  }

  function list() {
    const tokens = parse(state.q || "");
    const onSuite = matcher(tokens, suiteTest);
    const order = ordered("sort");
    shownSuites = order.filter((i) => onSuite(run.suites[i]) || tokens.some((t) => t.key === "file"));
    const onCase = matcher(tokens, caseTest);
    const found = [];
    for (const i of ordered("csort")) if (onCase(i)) found.push(i);
    shownCases = found;
    // A suite whose cases are found is found.
    if (tokens.length) {
      const with_ = new Set(found.map((i) => cases.suite[i]));
      const listed = new Set(shownSuites);
      shownSuites = order.filter((i) => listed.has(i) || (with_.has(i) && !tokens.some((t) => t.key === "s")));
    }
    suiteRows.set(shownSuites, shownSuites.findIndex((i) => run.suites[i].name === state.suite));
    caseRows.set(shownCases, pickedCase());
    $("count").textContent = `${plural(shownSuites.length, "suite")}, ${plural(shownCases.length, "case")}`;
    for (const chip of document.querySelectorAll("[data-chip]"))
      chip.setAttribute("aria-pressed", String((state.q || "").split(" ").includes(chip.dataset.chip)));
  }
  const pickedCase = () => state.case == null ? -1
    : shownCases.findIndex((i) => cases.id[i] === state.case && run.suites[cases.suite[i]].name === state.suite);

  let lastQuery;
  function show(next) {
    state = next;
    const search = $("q");
    if (search.value !== (state.q || "") && document.activeElement !== search) search.value = state.q || "";
    const query = [state.q, state.sort, state.csort].join("\n");
    if (lastQuery !== query) { lastQuery = query; list(); markSorters(); }
    suiteRows.pick(shownSuites.findIndex((i) => run.suites[i].name === state.suite));
    caseRows.pick(pickedCase());
    detail();
  }

  // --- the runs before: the newest at the right, as time goes ---
  const dots = (suite) => !run.pasts ? "" : el("span", { class: "dots", "aria-hidden": "true" },
    suite.past.map((one) => el("span", { class: one.status, title: `${words(one.status)} in ${one.run}`,
      text: one.status === "passed" ? "·" : SIGN[one.status] })));
  const before = (suite) => suite.past.map((one) => `${words(one.status)} (${one.run})`).join(", ") || "not in them";

  // --- one suite ---
  const fact = (name, ...value) => [el("dt", { text: name }), el("dd", {}, ...value)];
  function detail() {
    const box = $("detail"), at = run.suites.findIndex((suite) => suite.name === state.suite);
    const suite = run.suites[at];
    if (!suite) {
      box.replaceChildren(el("h2", { text: state.suite ? "Not in this run" : "Nothing chosen" }),
        el("p", { text: state.suite ? `This run has no suite “${state.suite}”.` : "Choose a suite or a case." }));
      log(null);
      return;
    }
    const records = suite.records;
    const record = records.find((one) => String(one.attempt) === state.attempt) || records[records.length - 1];
    box.replaceChildren(
      el("h2", {}, suite.name, " · ", badge(suite.status), ` · ${time(suite.duration_ms)}`),
      el("p", { class: `why ${suite.status}` }, el("span", {}, el("strong", { text: "Why: " }), suite.why)),
      suite.warnings ? el("ul", { class: "warning" }, suite.warnings.map((text) => el("li", { text }))) : "",
      el("div", { class: "tools" },
        el("button", { onclick: copy(suite.again, "command") }, "Copy command"),
        el("button", { onclick: copy(location.href, "link") }, "Copy link"),
        el("button", { onclick: copy(forIssue(suite), "text for an issue") }, "Copy for an issue"),
        suite.problem ? "" : el("span", { class: "dim", text: suite.again })),
      failures(suite, at),
      record ? evidence(suite, record) : "",
    );
    log(at, record);
  }
  function failures(suite, at) {
    let list = [];
    for (const i of cases.order) {
      if (cases.suite[i] !== at) continue;
      const bad = cases.status[i] === "f" || cases.status[i] === "e" || cases.status[i] === "l";
      const picked = cases.id[i] === state.case;
      if (picked) list.unshift(i); else if (bad && list.length < 50) list.push(i);
    }
    const have = new Set(list.map((i) => cases.id[i]));
    const rest = (suite.failing || []).filter((one) => !have.has(one.id));
    const missing = state.case && !have.has(state.case) && !rest.some((one) => one.id === state.case);
    const one = (id, status, file, line, message, details) => el("div", { class: `case${id === state.case ? " picked" : ""}` },
      el("h3", {}, badge(status), " ", id),
      file ? el("p", { class: "mono", text: line ? `${file}:${line}` : file }) : "",
      details || message ? el("pre", { tabindex: "0", text: clean(details && message && !details.includes(message)
        ? `${message}\n\n${details}` : details || message) }) : "",
      el("div", { class: "tools" },
        el("button", { onclick: () => go({ case: id }) }, "Link to this case"),
        el("button", { onclick: () => find(id.split("::").pop().split("[")[0]) }, "Find in log")));
    const bad = list.filter((i) => cases.status[i] === "f" || cases.status[i] === "e").length + rest.length;
    return el("section", { "aria-label": "Cases" },
      missing ? el("p", { class: "warning", text: `The case “${state.case}” is not in this run.` }) : "",
      bad ? el("h3", { text: plural(bad + suite.failing_omitted, "failed case") }) : "",
      list.map((i) => one(cases.id[i], STATUS[cases.status[i]], cases.files[cases.file[i]], cases.line[i],
        cases.texts[cases.message[i]], cases.texts[cases.details[i]])),
      rest.map((c) => one(c.id, c.status, c.file, c.line, c.message, c.details)),
      suite.failing_omitted && list.length + rest.length < bad ? el("p", { class: "dim",
        text: `and ${plural(suite.failing_omitted, "more failed case")}, which the judge did not name` }) : "");
  }
  function evidence(suite, record) {
    const capture = record.capture;
    const gaps = (capture.gaps || []).map((gap) => el("div", { class: "incomplete",
      text: `${gap.bytes == null ? "Bytes" : plural(gap.bytes, "byte")} missing at ${size(gap.at)}: ${gap.reason}` }));
    const attempts = suite.records.length < 2 ? [] : fact("Attempts", el("span", { class: "tools" },
      suite.records.map((one) => el("button", { "aria-pressed": String(one === record),
        onclick: () => go({ attempt: one.attempt, log: null }) }, `${one.attempt}: ${words(one.status)}`))));
    return el("section", { "aria-label": "Evidence" }, el("h3", { text: "Evidence" }), el("dl", { class: "facts" },
      attempts,
      suite.records.length < 2 ? [] : fact("This attempt", `${record.summary} (${time(record.duration_ms)})`),
      fact("Ended", record.end, record.termination.place ? ` · ${record.termination.place}` : ""),
      (record.termination.containers || []).map((one) => fact(`Container ${one.name}`,
        `${words(one.end.kind)}${one.end.code == null ? "" : `, exit ${one.end.code}`} ${one.message || ""}`)),
      (record.termination.conditions || []).map((one) => fact(one.kind, `${one.reason}: ${one.message}`)),
      (record.termination.leftovers || []).map((one) => fact("Left over",
        `process ${one.pid} (${one.command})${one.held_output ? ", held the output open" : ""}`)),
      fact("Output", `${capture.completeness}: ${size(capture.bytes)}, ${plural(capture.lines, "line")}${
        capture.reconnects ? `, ${plural(capture.reconnects, "reconnect")}` : ""}${capture.note ? `; ${capture.note}` : ""}`, gaps),
      fact("Judge", `${record.judge.name}${record.judge_version ? ` ${record.judge_version}` : ""} `, el("span", { class: "dim mono", text: record.judge.digest })),
      record.verdict ? fact("It said", `${record.verdict.status}: ${record.verdict.summary}`) : [],
      record.judge_error ? fact("Judge’s error", el("pre", { tabindex: "0", text: clean(record.judge_error) })) : [],
      record.artifacts ? fact("Artifacts", record.artifacts.join(", ")) : [],
      suite.intro ? fact("Command", el("code", { text: suite.intro.command })) : [],
      suite.intro && Object.keys(suite.intro.labels).length ? fact("Labels",
        Object.entries(suite.intro.labels).map(([k, v]) => `${k}=${v}`).join(", ")) : [],
      run.pasts ? fact("Runs before", before(suite)) : [],
      fact("Started", record.started_at)));
  }
  function forIssue(suite) {
    const fence = (text) => {
      const ticks = "`".repeat(Math.max(2, ...[...text.matchAll(/`+/g)].map((m) => m[0].length)) + 1);
      return `${ticks}text\n${text}\n${ticks}`;
    };
    const failing = (suite.failing || []).slice(0, 5).map((one) =>
      `\n**${one.id}**${one.file ? ` (${one.file}${one.line ? `:${one.line}` : ""})` : ""}\n\n${
        fence(clean(one.details || one.message || "no message"))}`).join("\n");
    const tail = $("log")?.lastLines?.() || [];
    return clean(`**${suite.name}** ${words(suite.status)} in run ${run.run} of ${run.pipeline}\n\n${suite.why}\n${failing}\n${
      tail.length ? `\nlast lines:\n\n${fence(tail.join("\n"))}\n` : ""}\n\`${suite.again}\`\n`);
  }

  // --- the log ---
  const SGR = /\x1b\[([\d;:]*)m/g;
  // Every other sequence, whole: CSI, OSC, DCS and the like.
  const OTHER = /\x1b\[[0-?]*[ -\/]*[@-ln-~]|\x1b[\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?|\x1b[^\[]/g;
  function paint(into, text) {
    text = text.replace(OTHER, "");
    const body = text.replace(/\r+$/, "");
    text = body.slice(body.lastIndexOf("\r") + 1);
    let last = 0, color = "", attributes = new Set();
    const put = (part) => {
      part = clean(part.replace(/\t/g, "    "));
      if (!part) return;
      const name = [color, ...[...attributes].map((a) => `s${a}`)].filter(Boolean).join(" ");
      into.append(name ? el("span", { class: name, text: part }) : part);
    };
    for (const match of text.matchAll(SGR)) {
      put(text.slice(last, match.index));
      last = match.index + match[0].length;
      const codes = match[1].split(/[;:]/).map(Number);
      for (let i = 0; i < codes.length; i++) {
        const code = codes[i];
        if (code === 0) { color = ""; attributes.clear(); }
        else if ([1, 2, 3, 4, 9].includes(code)) attributes.add(code);
        else if (code === 22) { attributes.delete(1); attributes.delete(2); }
        else if (code === 23 || code === 24 || code === 29) attributes.delete(code - 20);
        else if (code >= 30 && code <= 37) color = `c${code - 30}`;
        else if (code >= 90 && code <= 97) color = `c${code - 82}`;
        else if (code === 39) color = "";
        else if (code === 38 || code === 48) {
          if (codes[i + 1] === 5) { if (code === 38 && codes[i + 2] < 16) color = `c${codes[i + 2]}`; i += 2; }
          else i += 4;
        }
      }
    }
    put(text.slice(last));
  }
  let current = null;
  function log(suite, record) {
    const box = $("logbox");
    const entry = record && logs.find((one) => one.suite === suite && one.attempt === record.attempt);
    if (current && entry === current.entry) { current.jump(); return; }
    current = null;
    box.replaceChildren();
    if (!record) return;
    const title = el("h2", { text: `Log · ${run.suites[suite].name} · attempt ${record.attempt}` });
    if (!entry) { box.append(title, el("p", { class: "dim", text: "It wrote nothing." })); return; }
    if (!entry.parts.length) {
      box.append(title, el("p", { class: "dim", text: `Not in this page: ${size(entry.bytes)}, ${entry.path} in the run’s folder.` }));
      return;
    }
    current = viewer(box, title, entry, record);
    current.jump();
  }
  function viewer(box, title, entry, record) {
    const ROW = 18, cache = new Map();
    // What can be seen: parts, what is not in the page, and holes in the capture; each so many rows.
    const pieces = [];
    let at = 0, line = 1;
    const away = (to, toLine) => { if (to > at) pieces.push({ away: to - at, rows: 1, line, toLine }); };
    for (const part of entry.parts) {
      away(part.at, part.line);
      const ends = part.at + part.len >= entry.bytes;
      pieces.push({ part, rows: part.lines + (ends ? 1 : 0) || 1, line: part.line });
      at = part.at + part.len; line = part.line + part.lines;
    }
    away(entry.bytes, entry.lines);
    let rows = 0;
    for (const piece of pieces) { piece.from = rows; rows += piece.rows; }
    const gaps = record.capture.gaps || [];
    const LIMIT = 16000000, scale = Math.max(1, (rows * ROW) / LIMIT);
    const view = el("div", { class: "log", id: "log", tabindex: "0", role: "region", "aria-label": title.textContent });
    const fill = el("div", { class: "fill" });
    fill.style.setProperty("height", `${(rows * ROW) / scale}px`);
    view.append(fill);
    const query = el("input", { type: "search", "aria-label": "Find in log", placeholder: "find", id: "find" });
    const found = el("span", { class: "dim", role: "status" });
    const wrap = el("button", { "aria-pressed": "false", onclick: () => {
      const on = view.classList.toggle("wrap"); wrap.setAttribute("aria-pressed", String(on)); draw(true); } }, "Wrap");
    box.append(title, el("div", { class: "tools" }, query,
      el("button", { onclick: () => step(-1), "aria-label": "Previous hit" }, "↑"),
      el("button", { onclick: () => step(1), "aria-label": "Next hit" }, "↓"), found, wrap,
      el("button", { onclick: raw }, "Raw"),
      el("span", { class: "dim", text: `${size(entry.bytes)}, ${plural(entry.lines, "line")}` })), view);
    async function lines(piece) {
      let have = cache.get(piece);
      if (!have) {
        have = inflate(piece.part.node).then((bytes) => {
          const text = new TextDecoder().decode(bytes);
          const list = text.split("\n");
          if (list[list.length - 1] === "" && list.length > 1) list.pop();
          // Where a hole is: the row before which it stands.
          list.gaps = gaps.filter((gap) => gap.at >= piece.part.at && gap.at <= piece.part.at + piece.part.len).map((gap) => {
            let row = 0;
            for (let i = 0; i < gap.at - piece.part.at && i < bytes.length; i++) if (bytes[i] === 10) row++;
            return { row, gap };
          });
          return list;
        });
        cache.set(piece, have);
        if (cache.size > 32) cache.delete(cache.keys().next().value);
      }
      return have;
    }
    const lineOf = (row) => { const piece = pieces.find((p) => row < p.from + p.rows); return piece ? piece.line + row - piece.from : 1; };
    const rowOf = (number) => {
      for (const piece of pieces) {
        if (piece.part && number >= piece.line && number < piece.line + piece.rows) return piece.from + number - piece.line;
        if (piece.away && number >= piece.line && number < piece.toLine) return piece.from;
      }
      return rows - 1;
    };
    let drawing = 0, hits = [], hit = -1, mark = null;
    async function draw(force) {
      const mine = ++drawing;
      const first = Math.max(0, Math.floor((view.scrollTop * scale) / ROW) - 3);
      const last = Math.min(rows, first + Math.ceil(view.clientHeight / ROW) + 8);
      const out = [];
      for (const piece of pieces) {
        if (piece.from >= last || piece.from + piece.rows <= first) continue;
        if (piece.away) {
          out.push([piece.from, el("div", { class: "ln away" }, el("b", {}),
            `${size(piece.away)} not in this page (lines ${number(piece.line)} to ${number(piece.toLine)}): ${entry.path}`)]);
          continue;
        }
        const list = await lines(piece);
        if (mine !== drawing) return;
        for (let row = Math.max(first, piece.from); row < Math.min(last, piece.from + piece.rows); row++) {
          const text = list[row - piece.from] ?? "", n = piece.line + row - piece.from;
          const node = el("div", { class: `ln${mark === row ? " hit" : ""}` }, el("b", { text: n }));
          for (const { gap } of list.gaps.filter((one) => one.row === row - piece.from)) {
            node.classList.add("gap");
            node.append(`⚠ ${gap.bytes == null ? "bytes" : plural(gap.bytes, "byte")} missing here (${gap.reason}) `);
          }
          if (text.length > 4000) {
            paint(node, text.slice(0, 4000));
            node.append(el("button", { onclick: (event) => { event.target.remove(); paint(node, text.slice(4000)); } },
              `show ${number(text.length - 4000)} more`));
          } else paint(node, text);
          out.push([row, node]);
        }
      }
      const shift = scale > 1 ? view.scrollTop - (first + 3) * ROW : 0;
      fill.replaceChildren(...out.map(([row, node]) => { node.style.setProperty("top", `${row * ROW + shift}px`); return node; }));
    }
    view.addEventListener("scroll", () => draw());
    const scrollTo = (row) => { mark = row; view.scrollTop = Math.max(0, ((row - 6) * ROW) / scale); draw(true); };
    async function search(text) {
      const mine = (search.run = (search.run || 0) + 1);
      hits = []; hit = -1;
      if (!text) { found.textContent = ""; mark = null; draw(true); return; }
      const low = text.toLowerCase();
      // The newest first: an error is mostly at the end.
      for (const piece of [...pieces].reverse()) {
        if (!piece.part) continue;
        const list = await lines(piece);
        if (mine !== search.run) return;
        const here = [];
        for (let i = 0; i < list.length; i++) if (list[i].toLowerCase().includes(low)) here.push(piece.from + i);
        hits = here.concat(hits);
        if (hit < 0 && hits.length) { hit = hits.length - 1; scrollTo(hits[hit]); } else hit += here.length;
        found.textContent = hits.length ? `${number(hit + 1)}/${number(hits.length)}` : "searching";
      }
      found.textContent = hits.length ? `${number(hit + 1)}/${number(hits.length)}` : "not found";
    }
    function step(by) {
      if (!hits.length) return;
      hit = (hit + by + hits.length) % hits.length;
      found.textContent = `${number(hit + 1)}/${number(hits.length)}`;
      scrollTo(hits[hit]);
      go({ log: lineOf(hits[hit]) }, true);
    }
    let timer;
    query.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => search(query.value), 80); });
    query.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); step(event.shiftKey ? -1 : 1); } });
    async function raw() {
      const all = [];
      for (const piece of pieces) all.push(piece.part ? await inflate(piece.part.node) : `\n[${size(piece.away)} not in this page]\n`);
      const link = el("a", { href: URL.createObjectURL(new Blob(all, { type: "text/plain;charset=utf-8" })), target: "_blank", rel: "noopener" });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    }
    view.lastLines = () => [...view.querySelectorAll(".ln")].slice(-20).map((node) => node.textContent.replace(/^\d+/, ""));
    return {
      entry,
      jump() { scrollTo(state.log ? rowOf(parseInt(state.log, 10)) : gaps.length ? 0 : rows - 1); if (!state.log) { mark = null; } draw(true); },
      find(text) { query.value = text; search(text); },
    };
  }
  const find = (text) => { if (current) { current.find(text); $("logbox").scrollIntoView(); } else say("the log is not in this page"); };

  // --- keys ---
  function keys(event) {
    const inside = event.target.matches("input, textarea, select");
    if (event.key === "Escape") {
      if (inside) event.target.blur();
      else if (!$("help").hidden) $("help").hidden = true;
      else if (state.case) go({ case: null });
      else if (state.suite) go(suiteLink(null));
      return;
    }
    if (inside || event.ctrlKey || event.metaKey || event.altKey) return;
    const inCases = document.activeElement?.id === "cases";
    const rows = inCases ? caseRows : suiteRows;
    const move = (by) => {
      const at = Math.max(0, Math.min(rows.items.length - 1, rows.picked + by));
      if (rows.items.length) open(rows, at, true);
    };
    const problem = (by) => {
      const bad = shownCases.map((i, at) => [i, at]).filter(([i]) => cases.status[i] === "f" || cases.status[i] === "e");
      if (!bad.length) return;
      const now = caseRows.picked;
      const next = by > 0 ? bad.find(([, at]) => at > now) || bad[0] : bad.findLast(([, at]) => at < now) || bad[bad.length - 1];
      open(caseRows, next[1]);
    };
    const inList = inCases || document.activeElement?.id === "suites";
    switch (event.key) {
      case "/": $("q").focus(); break;
      case "j": move(1); break;
      case "k": move(-1); break;
      case "ArrowDown": if (!inList) return; move(1); break;
      case "ArrowUp": if (!inList) return; move(-1); break;
      case "Home": if (!inList) return; move(-1e9); break;
      case "End": if (!inList) return; move(1e9); break;
      case "Enter": if (!inList) return; $("detail").focus(); break;
      case "n": problem(1); break;
      case "N": problem(-1); break;
      case "l": ($("log") || $("logbox")).focus(); break;
      case "?": $("help").hidden = !$("help").hidden; break;
      default: return;
    }
    event.preventDefault();
  }
  function open(rows, at, replace) {
    const item = rows.items[at];
    if (rows === suiteRows) go(suiteLink(run.suites[item].name), replace);
    else go({ ...suiteLink(run.suites[cases.suite[item]].name), case: cases.id[item] }, replace);
  }

  // --- the page ---
  function build() {
    const counts = new Map();
    for (const suite of run.suites) counts.set(suite.status, (counts.get(suite.status) || 0) + 1);
    const chip = (token, text, name) => el("button", { class: name, "data-chip": token, "aria-pressed": "false",
      onclick: (event) => {
        const now = (state.q || "").split(" ").filter(Boolean), has = now.includes(token);
        const many = event.ctrlKey || event.metaKey;
        const q = has ? now.filter((t) => t !== token) : many ? [...now, token] : [...now.filter((t) => !t.startsWith("s:")), token];
        $("q").value = q.join(" ");
        go({ q: q.join(" ") });
      } }, text);
    let timer;
    const search = el("input", { type: "search", id: "q", "aria-label": "Filter suites and cases", spellcheck: "false",
      autocomplete: "off", placeholder: "filter: s:failed suite:unit file:cart dur:>5s -word \"exact text\"",
      oninput: () => { clearTimeout(timer); timer = setTimeout(() => go({ q: search.value }, true), 60); } });
    const rowSuite = (i, at) => {
      const suite = run.suites[i], total = Object.values(suite.counts).reduce((a, b) => a + b, 0);
      return el("div", { class: "row", onclick: () => open(suiteRows, at) }, badge(suite.status),
        el("span", { class: "suite", text: suite.name }), el("span", { class: "time", text: time(suite.duration_ms) }),
        dots(suite),
        el("span", { class: "name dim", text: suite.problem || suite.status === "flaky" ? suite.summary : total ? plural(total, "case") : suite.summary }));
    };
    const rowCase = (i, at) => el("div", { class: "row", onclick: () => open(caseRows, at) }, badge(STATUS[cases.status[i]]),
      el("span", { class: "suite dim", text: run.suites[cases.suite[i]].name }), el("span", { class: "name", text: cases.id[i] }),
      el("span", { class: "time", text: time(cases.ms[i]) }));
    const suites = el("div", { class: "rows", id: "suites", tabindex: "0", role: "listbox", "aria-label": "Suites" });
    const caseBox = el("div", { class: "rows", id: "cases", tabindex: "0", role: "listbox", "aria-label": "Cases" });
    const chips = [...counts].sort((a, b) => run.rank(a[0]) - run.rank(b[0]))
      .map(([status, n]) => chip(`s:${status}`, `${words(status)} ${number(n)}`, status));
    $("app").append(
      el("div", { class: "bar", role: "search" }, search, run.suites.some((s) => s.problem) ? chip("s:problem", "problems", "") : "", chips,
        el("span", { id: "count", class: "dim", "aria-live": "polite" }),
        el("button", { onclick: () => { $("help").hidden = !$("help").hidden; } }, "Help")),
      el("section", { id: "help", class: "help", hidden: true, "aria-label": "Help" }, el("h2", { text: "Keys and filters" }),
        el("p", { text: "/ filter · j k or arrows: next, previous · Enter open · n N next, previous failed case · l log · Esc up · ? this" }),
        el("p", { text: "s:failed s:problem suite:unit file:cart label:team=pay dur:>5s -without \"exact text\". The same key twice: either; different keys: both. The address keeps all of it." })),
      el("main", { class: "cols" },
        el("div", {}, el("h2", { text: "Suites" }), sorters("sort", "suites"), suites,
          el("h2", { text: "Cases" }), sorters("csort", "cases"), caseBox,
          el("p", { class: "dim", id: "nocases", hidden: true })),
        el("section", { class: "detail", id: "detail", tabindex: "-1", "aria-label": "Chosen suite" })),
      el("section", { class: "logbox", id: "logbox", tabindex: "-1", "aria-label": "Log" }),
      el("p", { id: "said", role: "status", class: "dim" }));
    suiteRows = virtual(suites, 26, rowSuite, "suite");
    caseRows = virtual(caseBox, 26, rowCase, "case");
    $("static").hidden = true;
    document.addEventListener("keydown", keys);
    window.addEventListener("popstate", () => { $("q").value = read().q || ""; show(read()); });
    window.addEventListener("hashchange", () => show(read()));
    window.addEventListener("resize", () => { suiteRows.draw(true); caseRows.draw(true); });
    const first = read();
    // What failed first is what people look for.
    if (!first.suite && run.order.length && window.innerWidth > 900) first.suite = run.suites[run.order[0]].name;
    show(first);
    document.documentElement.dataset.ready = "true";
  }
  async function start() {
    run = JSON.parse(new TextDecoder().decode(await inflate($("index"))));
    cases = run.cases; logs = run.logs;
    const low = (list) => list.map((text) => text.toLowerCase());
    cases.low = low(cases.id); cases.lowFiles = low(cases.files); cases.lowTexts = low(cases.texts);
    const weight = { f: 0, e: 1, l: 2, p: 3, s: 4 };
    const buckets = [[], [], [], [], []];
    for (let i = 0; i < cases.id.length; i++) buckets[weight[cases.status[i]]].push(i);
    cases.order = buckets.flat();
    const ranks = {};
    for (const suite of run.suites) {
      ranks[suite.status] = suite.urgency;
      suite.haystack = `${suite.name} ${suite.why} ${suite.intro?.command || ""}`.toLowerCase();
    }
    run.pasts = run.suites.some((suite) => suite.past.length);
    run.rank = (status) => ranks[status];
    run.order = run.suites.map((_, i) => i).sort((a, b) => run.suites[a].urgency - run.suites[b].urgency || a - b);
    for (const one of logs) one.parts = [];
    for (const node of document.querySelectorAll("script[data-log]")) {
      const data = node.dataset;
      logs[+data.log].parts.push({ node, at: +data.at, len: +data.len, line: +data.line, lines: +data.lines });
    }
    for (const one of logs) one.parts.sort((a, b) => a.at - b.at);
    build();
  }
  // Without a way to read the data, what is there in plain HTML stays.
  if (typeof DecompressionStream === "function") start().catch((error) => {
    $("static").hidden = false;
    $("static").prepend(el("p", { class: "warning", text: `The data of this page could not be read: ${error.message}` }));
  });
})();
