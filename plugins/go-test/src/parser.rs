//! Reads `go test`, with -json and without.

use std::collections::BTreeMap;

use tribunal_judge_kit::book::case;
use tribunal_judge_kit::find::Find as _;
use tribunal_judge_kit::{Book, Fact, Finding, Format, Line};
use tribunal_sdk::CaseStatus;

use crate::json::{self, Event};
use crate::package::Package;
use crate::results::Results;
use crate::text::{self, Found};

/// Packages that may run at once.
const MOST_PACKAGES: usize = 20_000;

/// The parser.
#[derive(Debug, Default)]
pub struct Parser {
    finding: Finding,
    /// Whether events were seen: then lines of text are someone else's.
    json: bool,
    /// -json: packages that started and did not end, but for the one of the last event.
    packages: BTreeMap<String, Package>,
    hot: Option<(String, Package)>,
    /// Text: the package whose lines these are. Its name comes last.
    current: Package,
    /// Text: results of the current package, as its name is not known yet.
    results: Results,
    /// Text: what its tests that ended had printed.
    printed: Package,
    /// Text: whether `=== RUN` was seen in it (-v).
    verbose: bool,
    name: Option<String>,
    /// Text: the current package has said that it has no tests to run.
    empty: bool,
    /// What the build printed.
    build: Option<String>,
}

impl Format for Parser {
    fn line(&mut self, line: &Line<'_>, book: &mut Book) {
        let Some(&first) = line.plain.first() else {
            return;
        };
        if first == b'{' && json::looks(line.plain) {
            self.json = true;
            self.event(line, book);
            return;
        }
        let interesting = matches!(first, b'=' | b'o' | b'F' | b'?' | b'\t' | b' ' | b'-');
        let found = if interesting && line.terminated {
            line.text().and_then(text::classify)
        } else {
            None
        };
        match found {
            Some(Found::Fail(package, why)) => self.failed(package, why, line, book),
            _ if self.json => {}
            Some(found) => self.text(&found, line, book),
            None => self.other(line),
        }
    }

    fn end(mut self, book: &mut Book) -> Finding {
        if let Some(name) = self.current.open.keys().next() {
            let text = format!("`{name}` did not end");
            self.finding.unfinished.get_or_insert(Fact::of(text));
        } else if !self.results.is_empty() {
            let text = "tests ended, and their package did not";
            self.finding.unfinished.get_or_insert(Fact::of(text));
        }
        self.flush("", &Line::NOWHERE, book);
        self.packages.extend(self.hot.take());
        // Events that name no package are nobody's.
        self.packages.remove("");
        if let Some((package, open)) = self.packages.iter().next() {
            let text = match open.open.keys().next() {
                Some(test) => format!("{package} did not end; `{test}` was running"),
                None => format!("{package} did not end"),
            };
            self.finding.unfinished.get_or_insert(Fact::of(text));
        }
        let mut finding = self.finding;
        finding.format = "go test";
        finding.seen |= finding.marker.is_some() || finding.unfinished.is_some();
        finding
    }
}

impl Parser {
    fn text(&mut self, found: &Found<'_>, line: &Line<'_>, book: &mut Book) {
        match *found {
            Found::Run(test) => {
                self.verbose = true;
                self.finding.seen = true;
                self.call(test);
                self.current.run(test);
            }
            Found::Name(test) => self.call(test),
            Found::Result(status, test, time) => self.result(status, test, time, line),
            Found::Ok(package, empty) => {
                // While tests run, this is what one of them prints.
                if !self.current.open.is_empty() {
                    return;
                }
                let unlisted = self.results.is_empty() && !empty && !self.empty;
                self.flush(package, line, book);
                if unlisted {
                    // Without -v, the package is all that is told.
                    book.add(case(package, CaseStatus::Passed), line);
                }
                self.end_package(format!("{package}: ok"), line);
            }
            Found::NoFiles(package) => {
                if self.current.open.is_empty() && self.results.is_empty() {
                    self.end_package(format!("{package}: no test files"), line);
                }
            }
            Found::Fail(..) => {}
        }
    }

    fn result(&mut self, status: CaseStatus, test: &str, time: Option<f64>, line: &Line<'_>) {
        if self.results.is_full() {
            let why = "more tests in one package than can be told apart";
            self.finding.problem.get_or_insert(Fact::at(line, why));
            return;
        }
        if self.verbose {
            // What another tool prints inside a test must not count.
            let Some(details) = self.current.stop(test) else {
                return;
            };
            // Kept for its output until the package ends; it runs no more. Who passed is not asked for it.
            if !details.is_empty() && status != CaseStatus::Passed {
                self.printed.open.insert(test.to_owned(), details);
            }
        } else {
            self.call(test);
            self.current.run(test);
            self.current.failed |= status == CaseStatus::Failed;
        }
        self.results.push(status, test, time);
        self.finding.seen = true;
    }

    /// Notes whose output follows.
    fn call(&mut self, test: &str) {
        let name = self.name.get_or_insert_default();
        name.clear();
        name.push_str(test);
    }

    /// Counts the results of the package that ends with this line.
    fn flush(&mut self, package: &str, line: &Line<'_>, book: &mut Book) {
        let kept = &mut self.printed;
        if !self.verbose {
            kept.open.append(&mut self.current.open);
        }
        for (status, test, time) in self.results.iter() {
            kept.end(package, test, status, time, line, book);
        }
        self.results.clear();
        self.current.failed |= kept.failed;
        kept.reset();
    }

    fn failed(&mut self, package: &str, why: &str, line: &Line<'_>, book: &mut Book) {
        let text = format!("{package}: {why}");
        self.finding.red.get_or_insert(Fact::at(line, &text));
        self.finding.seen = true;
        if self.json {
            return;
        }
        self.flush(package, line, book);
        let mut current = std::mem::take(&mut self.current);
        current.fail(package, why, line, book);
        self.end_package(text, line);
    }

    fn end_package(&mut self, text: String, line: &Line<'_>) {
        self.finding.marker = Some(Fact::at(line, text));
        self.finding.seen = true;
        self.current.reset();
        self.verbose = false;
        self.name = None;
        self.empty = false;
    }

    /// A line that is nothing by itself.
    fn other(&mut self, line: &Line<'_>) {
        let text = line.lossy();
        // Output without a line end may stand before a result: `b--- PASS: TestB (0.01s)`.
        if self.verbose
            && line.terminated
            && text.ends_with("s)")
            && let Some(at) = text.at("--- ")
            && let Some(Found::Result(status, test, time)) = text.get(at..).and_then(text::result)
        {
            let name = test.to_owned();
            self.result(status, &name, time, line);
            return;
        }
        if text == "testing: warning: no tests to run" {
            self.empty = true;
        } else if text.starts_with("panic: ") {
            self.current.say(&text);
        } else if text.starts_with("# ") || text.starts_with("go: ") {
            self.finding
                .hint
                .get_or_insert(Fact::at(line, text.trim_start_matches("# ")));
        }
        if let Some(name) = &self.name
            && let Some(details) = self.current.open.get_mut(name)
        {
            details.push(text.trim());
        }
    }

    /// Returns a package that runs, unless there are too many. It is then the one that is at hand.
    fn package(&mut self, name: &str) -> Option<&mut Package> {
        if self.hot.as_ref().is_none_or(|(hot, _)| hot != name) {
            self.packages.extend(self.hot.take());
            let found = self.packages.remove_entry(name);
            if found.is_none() && self.packages.len() >= MOST_PACKAGES {
                return None;
            }
            self.hot = Some(found.unwrap_or_else(|| (name.to_owned(), Package::default())));
        }
        self.hot.as_mut().map(|(_, package)| package)
    }

    fn event(&mut self, line: &Line<'_>, book: &mut Book) {
        self.finding.seen = true;
        let quick = line.text().and_then(json::quick);
        let whole = || serde_json::from_slice(line.plain);
        let event: Event<'_> = match quick.map_or_else(whole, Ok) {
            Ok(event) => event,
            Err(error) => {
                let text = if line.terminated {
                    format!("an event is no JSON: {error}")
                } else {
                    "the output ends in the middle of an event".to_owned()
                };
                self.finding.problem.get_or_insert(Fact::at(line, text));
                return;
            }
        };
        let package = &*event.package;
        if let "build-output" | "build-fail" = &*event.action {
            if let Some(text) = &event.output
                && !text.starts_with("# ")
            {
                self.build.get_or_insert_with(|| text.trim().to_owned());
            }
            if event.action == "build-fail" {
                self.finding
                    .red
                    .get_or_insert(Fact::at(line, "the build failed"));
            }
            return;
        }
        let Some(open) = self.package(package) else {
            let text = "more packages at once than can be told apart";
            self.finding.problem.get_or_insert(Fact::at(line, text));
            return;
        };
        let milliseconds = event.elapsed.map(|seconds| seconds * 1_000.0);
        let status = match &*event.action {
            "run" => {
                if let Some(test) = &event.test {
                    open.run(test);
                }
                return;
            }
            "output" => {
                if let Some(output) = &event.output {
                    open.output(event.test.as_deref(), output);
                }
                return;
            }
            "pass" | "bench" => CaseStatus::Passed,
            "fail" => CaseStatus::Failed,
            "skip" => CaseStatus::Skipped,
            // start, pause, cont, attr, and what later versions add.
            _ => return,
        };
        if let Some(test) = &event.test {
            open.end(package, test, status, milliseconds, line, book);
            return;
        }
        let (_, mut ended) = self.hot.take().unwrap_or_default();
        if status == CaseStatus::Failed {
            let why = event.failed_build.as_ref().and(self.build.as_deref());
            let why = why.unwrap_or("the package failed").to_owned();
            if event.failed_build.is_some() {
                ended.said = Some(why.clone());
            }
            ended.fail(package, &why, line, book);
            let text = format!("{package}: {why}");
            self.finding.red.get_or_insert(Fact::at(line, text));
        } else if let Some(test) = ended.open.keys().next() {
            let text = format!("{package} ended well, but `{test}` did not end");
            self.finding.unfinished.get_or_insert(Fact::at(line, text));
        }
        self.finding.marker = Some(Fact::at(line, format!("{package}: {}", event.action)));
    }
}
