//! The lines by which a format is recognised: those that only its tool writes.

use tribunal_judge_kit::text::leading_number;

/// A format that can be recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the judges' names")]
pub enum Kind {
    Ctest,
    GoTest,
    Gtest,
    Junit,
    Libtest,
    Nextest,
    Pytest,
    Tap,
}

impl Kind {
    /// Every format.
    pub const ALL: [Self; 8] = [
        Self::Ctest,
        Self::GoTest,
        Self::Gtest,
        Self::Junit,
        Self::Libtest,
        Self::Nextest,
        Self::Pytest,
        Self::Tap,
    ];

    /// Returns the judge's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ctest => "ctest",
            Self::GoTest => "go-test",
            Self::Gtest => "gtest",
            Self::Junit => "junit",
            Self::Libtest => "libtest",
            Self::Nextest => "nextest",
            Self::Pytest => "pytest",
            Self::Tap => "tap",
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
        b'R' if starts("Result: PASS") || starts("Result: FAIL") || starts("Result: NOTESTS") => {
            Kind::Tap
        }
        b' ' if starts(" Nextest run ID ") => Kind::Nextest,
        b' ' if starts("    Starting ") && holds(" across ") => Kind::Nextest,
        b'0'..=b'9' if pytest_bare(line) => Kind::Pytest,
        _ => return None,
    };
    Some(kind)
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
