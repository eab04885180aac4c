//! The lines by which a format is recognised: those that only its tool writes.

use tribunal_judge_kit::text::leading_number;

/// A format that can be recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the judges' names")]
pub enum Kind {
    Ctest,
    Ctrf,
    GoTest,
    Gtest,
    Jest,
    Junit,
    Libtest,
    Mocha,
    Nextest,
    NodeTest,
    Phpunit,
    Playwright,
    Pytest,
    Rspec,
    Tap,
    Trx,
    Vitest,
}

impl Kind {
    /// Every format.
    pub const ALL: [Self; 17] = [
        Self::Ctest,
        Self::Ctrf,
        Self::GoTest,
        Self::Gtest,
        Self::Jest,
        Self::Junit,
        Self::Libtest,
        Self::Mocha,
        Self::Nextest,
        Self::NodeTest,
        Self::Phpunit,
        Self::Playwright,
        Self::Pytest,
        Self::Rspec,
        Self::Tap,
        Self::Trx,
        Self::Vitest,
    ];

    /// Returns the judge's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ctest => "ctest",
            Self::Ctrf => "ctrf",
            Self::GoTest => "go-test",
            Self::Gtest => "gtest",
            Self::Jest => "jest",
            Self::Junit => "junit",
            Self::Libtest => "libtest",
            Self::Mocha => "mocha",
            Self::Nextest => "nextest",
            Self::NodeTest => "node-test",
            Self::Phpunit => "phpunit",
            Self::Playwright => "playwright",
            Self::Pytest => "pytest",
            Self::Rspec => "rspec",
            Self::Tap => "tap",
            Self::Trx => "trx",
            Self::Vitest => "vitest",
        }
    }
}

/// Returns whose sign a line is.
pub fn sign(line: &[u8]) -> Option<Kind> {
    let starts = |text: &str| line.starts_with(text.as_bytes());
    let holds = |text: &str| memchr::memmem::find(line, text.as_bytes()).is_some();
    let kind = match line.first()? {
        b'=' if starts("=== RUN   ") => Kind::GoTest,
        b'=' if holds(" test session starts ") && line.ends_with(b"=") => Kind::Pytest,
        b'=' if line.ends_with(b"=") && pytest_end(line) => Kind::Pytest,
        b'[' if starts("[==========] ") || starts("[  PASSED  ] ") => Kind::Gtest,
        b'T' if starts("TAP version ") => Kind::Tap,
        b'T' if starts("Test project ") || starts("Total Test time (real) =") => Kind::Ctest,
        // pytest-sugar.
        b'T' if starts("Test session starts (") => Kind::Pytest,
        b'1' if plan(line) => Kind::Tap,
        b'r' if starts("running ") && (line.ends_with(b" tests") || line.ends_with(b" test")) => {
            Kind::Libtest
        }
        b't' if starts("test result: ok. ") || starts("test result: FAILED. ") => Kind::Libtest,
        b'o' if starts("ok  \t") => Kind::GoTest,
        b'F' if starts("FAIL\t") => Kind::GoTest,
        b'?' if starts("?   \t") => Kind::GoTest,
        b'{' if starts("{ \"type\": \"suite\"") => Kind::Libtest,
        b'{' if holds("\"Action\":\"") && (holds("\"Package\":") || holds("\"ImportPath\":")) => {
            Kind::GoTest
        }
        b'<' if starts("<testsuite") => Kind::Junit,
        b'<' if starts("<TestRun") => Kind::Trx,
        b'R' if starts("Result: PASS") || starts("Result: FAIL") || starts("Result: NOTESTS") => {
            Kind::Tap
        }
        b' ' if starts(" Nextest run ID ") => Kind::Nextest,
        b' ' if starts("    Starting ") && holds(" across ") => Kind::Nextest,
        b' ' if starts(" RUN  v") => Kind::Vitest,
        b' ' if mocha_end(line) => Kind::Mocha,
        b' ' if holds("\"reportFormat\": \"CTRF\"") => Kind::Ctrf,
        // The numbers of a report that is written over many lines.
        b' ' if after(line, "    \"suites\": ") => Kind::Mocha,
        b' ' if after(line, "    \"expected\": ") || starts("    \"configFile\": \"") => {
            Kind::Playwright
        }
        b'{' if starts("{\"numTotalTestSuites\":") => Kind::Vitest,
        b'{' if starts("{\"numFailedTestSuites\":") => Kind::Jest,
        b'{' if starts("{\"reportFormat\":\"CTRF\"") => Kind::Ctrf,
        b'T' if starts("Test Suites: ") && line.ends_with(b" total") => Kind::Jest,
        b'R' if starts("Ran all test suites") => Kind::Jest,
        b'R' if starts("Running ") && (holds(" test using ") || holds(" tests using ")) => {
            Kind::Playwright
        }
        b'#' if after(line, "# cancelled ") => Kind::NodeTest,
        b'#' if starts("##teamcity[test") && holds(" locationHint='php_qn://") => Kind::Phpunit,
        b'P' if starts("PHPUnit ") && holds(" by Sebastian Bergmann") => Kind::Phpunit,
        b'F' if starts("Finished in ") && holds(" (files took ") => Kind::Rspec,
        b'{' if starts("{\"version\":\"") && holds("\"examples\":[") => Kind::Rspec,
        b'0'..=b'9' if rspec_end(line) => Kind::Rspec,
        0xe2 if after(line, "ℹ cancelled ") => Kind::NodeTest,
        b'0'..=b'9' if pytest_bare(line) => Kind::Pytest,
        _ => return None,
    };
    Some(kind)
}

/// Whether a number, and maybe a comma, is all that stands behind a text.
fn after(line: &[u8], text: &str) -> bool {
    let rest = line.strip_prefix(text.as_bytes()).unwrap_or_default();
    let digits = rest.strip_suffix(b",").unwrap_or(rest);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

/// `  3 passing (12ms)`.
fn mocha_end(line: &[u8]) -> bool {
    let text = String::from_utf8_lossy(line);
    let rest = text.strip_prefix("  ").and_then(leading_number);
    rest.is_some_and(|(_, rest)| rest.starts_with(" passing (") && rest.ends_with(')'))
}

/// `3 examples, 0 failures`, and what may stand behind it.
fn rspec_end(line: &[u8]) -> bool {
    let text = String::from_utf8_lossy(line);
    let word = |text: &str, one: &str| {
        let (_, rest) = leading_number(text)?;
        let rest = rest.trim_start().strip_prefix(one)?;
        Some(rest.strip_prefix('s').unwrap_or(rest).to_owned())
    };
    word(&text, "example")
        .and_then(|rest| word(rest.strip_prefix(", ")?, "failure"))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(", "))
}

fn plan(line: &[u8]) -> bool {
    std::str::from_utf8(line)
        .ok()
        .and_then(|text| leading_number(text.strip_prefix("1..")?))
        .is_some_and(|(_, rest)| rest.is_empty() || rest.trim_start().starts_with('#'))
}

/// `==== 3 passed in 0.12s ====`.
fn pytest_end(line: &[u8]) -> bool {
    let text = String::from_utf8_lossy(line);
    let text = text.trim_matches('=').trim();
    text.contains(" in ")
        && (text.contains(" passed")
            || text.contains(" failed")
            || text.contains(" error")
            || text.starts_with("no tests ran"))
}

/// `3 passed in 0.12s`, of `pytest -q`.
fn pytest_bare(line: &[u8]) -> bool {
    let text = String::from_utf8_lossy(line);
    let known = text.contains(" passed") || text.contains(" failed") || text.contains(" skipped");
    let timed = text.rsplit_once(" in ").is_some_and(|(_, time)| {
        let time = time.split(" (").next().unwrap_or("");
        time.ends_with('s') && time.starts_with(|c: char| c.is_ascii_digit())
    });
    known && timed && leading_number(&text).is_some()
}
