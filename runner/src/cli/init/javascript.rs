//! Test tools of a `package.json`.

use serde_json::Value;

use super::detect::{Place, on_path};
use super::{Found, Runs};

/// How a package manager starts a program of the project.
const MANAGERS: [(&str, &[&str], &str); 4] = [
    ("pnpm-lock.yaml", &["pnpm", "exec"], "pnpm install"),
    ("yarn.lock", &["yarn", "run"], "yarn install"),
    ("bun.lock", &["bunx"], "bun install"),
    ("", &["npx", "--no-install"], "npm install"),
];

pub(super) fn look(place: &Place<'_>) -> Vec<Found> {
    let Ok(package) = serde_json::from_str::<Value>(&place.text("package.json")) else {
        return Vec::new();
    };
    let tools = Tools {
        place,
        package: &package,
    };
    let mut found: Vec<Found> = [
        tools.vitest(),
        tools.jest(),
        tools.mocha(),
        tools.playwright(),
    ]
    .into_iter()
    .flatten()
    .collect();
    if found.is_empty() {
        found.extend(tools.node().or_else(|| tools.script()));
    }
    found
}

struct Tools<'a> {
    place: &'a Place<'a>,
    package: &'a Value,
}

impl Tools<'_> {
    /// Whether the package depends on a tool.
    fn uses(&self, tool: &str) -> bool {
        ["devDependencies", "dependencies"]
            .iter()
            .any(|kind| self.package[*kind].get(tool).is_some())
    }

    fn test_script(&self) -> &str {
        let script = self.package["scripts"]["test"].as_str().unwrap_or("");
        // What `npm init` writes.
        if script.contains("no test specified") {
            ""
        } else {
            script
        }
    }

    fn manager(&self) -> (&'static [&'static str], &'static str) {
        let (_, start, install) = MANAGERS
            .iter()
            .find(|(lock, ..)| lock.is_empty() || self.place.has(lock))
            .copied()
            .unwrap_or_default();
        (start, install)
    }

    fn found(&self, tool: &str, judge: &'static str, rest: &[&str]) -> Found {
        let (start, install) = self.manager();
        let by = format!("package.json ({tool})");
        let found = Found::new(&by, tool, judge, &[start, rest].concat());
        found.missing_unless(self.place.has("node_modules"), install)
    }

    /// Both reporters: the text tells of errors outside of tests, the report each failure's message and line.
    fn vitest(&self) -> Option<Found> {
        self.uses("vitest").then(|| {
            let rest = [
                "vitest",
                "run",
                "--reporter=default",
                "--reporter=json",
                "--outputFile.json=reports/vitest.json",
            ];
            let found = self.found("vitest", "vitest", &rest);
            found.artifacts("reports/vitest.json")
        })
    }

    fn jest(&self) -> Option<Found> {
        self.uses("jest").then(|| {
            let rest = ["jest", "--json", "--outputFile=jest.json"];
            let found = self.found("jest", "jest", &rest);
            found.artifacts("jest.json")
        })
    }

    fn mocha(&self) -> Option<Found> {
        self.uses("mocha")
            .then(|| self.found("mocha", "mocha", &["mocha"]))
    }

    fn playwright(&self) -> Option<Found> {
        self.uses("@playwright/test").then(|| {
            let rest = ["playwright", "test", "--reporter=line,junit"];
            let mut found = self.found("playwright", "junit", &rest);
            found
                .env
                .push(("PLAYWRIGHT_JUNIT_OUTPUT_NAME", "reports/playwright.xml"));
            found.artifacts("reports/playwright.xml")
        })
    }

    /// Node's own test runner.
    fn node(&self) -> Option<Found> {
        let script = self.test_script();
        if !script.contains("node --test") && !script.contains("node:test") {
            return None;
        }
        let words: Vec<&str> = script.split_whitespace().collect();
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=@:".contains(c);
        let simple = script.chars().all(|c| plain(c) || c == ' ') && words.first() == Some(&"node");
        let by = "package.json (node --test)";
        let mut found = Found::new(by, "node", "node-test", &words);
        if !simple {
            found.runs = Runs::Command(["npm", "test"].map(str::to_owned).to_vec());
        }
        Some(found.missing_unless(on_path("node"), "install Node"))
    }

    /// Whatever the package calls its tests.
    fn script(&self) -> Option<Found> {
        if self.test_script().is_empty() {
            return None;
        }
        let found = Found::new("package.json (scripts.test)", "npm", "exit-code", &["npm", "test"])
            .note("exit-code believes the exit code alone. Where the tool behind it is known, name its judge.");
        Some(found.missing_unless(on_path("npm"), "install Node"))
    }
}
