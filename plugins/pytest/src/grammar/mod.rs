//! The grammar of pytest's last line, from 2.8 to 9.2, and of its `collected` lines.

/// What a summary line says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Tests that passed.
    pub passed: u32,
    /// Tests that failed; failed subtests are among them.
    pub failed: u32,
    /// Errors in set-up, tear-down and collection.
    pub errors: u32,
    /// Tests that were skipped.
    pub skipped: u32,
    /// Tests that failed as expected.
    pub xfailed: u32,
    /// Tests that passed although a failure was expected.
    pub xpassed: u32,
    /// Tests that were collected and not selected.
    pub deselected: u32,
    /// Repetitions, by pytest-rerunfailures.
    pub reruns: u32,
    /// Subtests that failed, where they are counted apart.
    pub subtests_failed: u32,
    /// Everything else, in the order and with the words of the line.
    pub other: Vec<(u32, String)>,
    /// Whether tests were only collected.
    pub collect_only: bool,
}

impl Tally {
    /// Whether anything in it is a failure.
    pub fn is_red(&self) -> bool {
        self.failed > 0 || self.errors > 0 || self.subtests_failed > 0
    }

    /// Whether no test ran at all.
    pub fn is_empty(&self) -> bool {
        let ran = [self.passed, self.failed, self.xfailed, self.xpassed];
        self.collect_only || (!self.is_red() && ran.iter().all(|&count| count == 0))
    }

    /// The tests with an outcome. An error in tear-down comes on top of a test's own outcome and
    /// is not in here.
    pub fn finished(&self) -> u64 {
        [
            self.passed,
            self.failed,
            self.skipped,
            self.xfailed,
            self.xpassed,
        ]
        .into_iter()
        .map(u64::from)
        .sum()
    }

    /// Adds another session's numbers.
    pub fn add(&mut self, more: &Self) {
        for (slot, count) in [
            (&mut self.passed, more.passed),
            (&mut self.failed, more.failed),
            (&mut self.errors, more.errors),
            (&mut self.skipped, more.skipped),
            (&mut self.xfailed, more.xfailed),
            (&mut self.xpassed, more.xpassed),
            (&mut self.deselected, more.deselected),
            (&mut self.reruns, more.reruns),
            (&mut self.subtests_failed, more.subtests_failed),
        ] {
            *slot = slot.saturating_add(count);
        }
        self.other.extend(more.other.iter().cloned());
    }

    /// Takes one `count word`; `None` if the word was there before.
    pub(crate) fn put(&mut self, count: u32, word: &str) -> Option<()> {
        let slot = match word {
            "passed" => &mut self.passed,
            "failed" => &mut self.failed,
            "error" | "errors" => &mut self.errors,
            "skipped" => &mut self.skipped,
            "xfailed" => &mut self.xfailed,
            "xpassed" => &mut self.xpassed,
            "deselected" => &mut self.deselected,
            "rerun" => &mut self.reruns,
            "subtests failed" => &mut self.subtests_failed,
            _ => {
                let fresh = self.other.iter().all(|(_, known)| known != word);
                self.other.push((count, word.to_owned()));
                return fresh.then_some(());
            }
        };
        // pytest writes no word with a zero and none twice.
        (*slot == 0).then(|| *slot = count)
    }
}

/// A whole summary line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Its numbers.
    pub tally: Tally,
    /// The fence around it; `None` for the bare line of `-q`.
    pub fence: Option<Fence>,
}

/// The `===` on both sides of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fence {
    /// Width of the whole line in characters.
    pub width: usize,
    /// Whether it is as short as it can be, because the text fills the terminal.
    pub minimal: bool,
}

/// Returns the text between a complete fence of `mark`, like `=== text ===`.
pub fn unfence(line: &[u8], mark: u8) -> Option<(&str, Fence)> {
    let left = line.iter().take_while(|&&byte| byte == mark).count();
    let right = line.iter().rev().take_while(|&&byte| byte == mark).count();
    // pytest's right side is as long as the left one, or longer by one.
    if left == 0 || (right != left && right != left + 1) || left + right + 3 > line.len() {
        return None;
    }
    let inner = &line[left..line.len() - right];
    let inner = inner.strip_prefix(b" ")?.strip_suffix(b" ")?;
    let text = std::str::from_utf8(inner).ok()?;
    let fence = Fence {
        width: left + right + 2 + text.chars().count(),
        minimal: left == 1,
    };
    Some((text, fence))
}

/// Returns the summary if the whole line is one, fenced or bare.
pub fn summary(line: &[u8]) -> Option<Summary> {
    if line.first() == Some(&b'=') {
        let (body, fence) = unfence(line, b'=')?;
        return Some(Summary {
            tally: tally(body)?,
            fence: Some(fence),
        });
    }
    // Cheap: a bare line starts with a count or with `no tests`, and ends with its duration.
    if !matches!(line.last(), Some(b's' | b')')) {
        return None;
    }
    let body = std::str::from_utf8(line).ok()?;
    let tally = tally(body)?;
    Some(Summary { tally, fence: None })
}

fn tally(body: &str) -> Option<Tally> {
    let (parts, duration) = body.rsplit_once(" in ")?;
    if !is_duration(duration) {
        return None;
    }
    let mut tally = Tally::default();
    // Until 2.8.3 a session without tests has nothing before the ` in `.
    if parts.is_empty() {
        return Some(tally);
    }
    let mut known = false;
    for part in parts.split(", ") {
        if part == "no tests ran" {
            known = true;
        } else if let Some(collected) = collected_only(part) {
            tally.deselected = collected;
            tally.collect_only = true;
            known = true;
        } else {
            let (count, word) = part.split_once(' ')?;
            let count = number(count)?;
            if !is_word(word) {
                return None;
            }
            known |= is_pytest_word(word);
            tally.put(count, word)?;
        }
    }
    known.then_some(tally)
}

/// Returns how many tests were deselected if this is `--collect-only`'s part of the line.
fn collected_only(part: &str) -> Option<u32> {
    let (text, deselected) = match part.split_once(" (") {
        Some((text, rest)) => (text, number(rest.strip_suffix(" deselected)")?)?),
        None => (part, 0),
    };
    let count = text
        .strip_suffix(" tests collected")
        .or_else(|| text.strip_suffix(" test collected"))?;
    let mut counts = count.splitn(2, '/');
    let fine = count == "no" || counts.all(|count| number(count).is_some());
    fine.then_some(deselected)
}

/// The words that pytest itself writes; plugins add others.
fn is_pytest_word(word: &str) -> bool {
    matches!(
        word,
        "passed"
            | "failed"
            | "error"
            | "errors"
            | "skipped"
            | "xfailed"
            | "xpassed"
            | "deselected"
            | "warning"
            | "warnings"
            | "pytest-warnings"
    )
}

fn is_word(word: &str) -> bool {
    let fine = |c: char| c.is_alphabetic() || matches!(c, ' ' | '-' | '_');
    word.starts_with(char::is_alphabetic) && word.chars().all(fine)
}

/// Whether this is `0.12s`, `0.12 seconds`, `83.20s (0:01:23)` or `86405.00s (1 day, 0:00:05)`.
fn is_duration(text: &str) -> bool {
    let (seconds, clock) = match text.split_once(" (") {
        Some((seconds, clock)) => (seconds, Some(clock)),
        None => (text, None),
    };
    let seconds = seconds
        .strip_suffix(" seconds")
        .or_else(|| seconds.strip_suffix('s'));
    let decimal = seconds
        .and_then(|seconds| seconds.split_once('.'))
        .is_some_and(|(whole, part)| digits(whole) && digits(part) && part.len() == 2);
    let clock = clock.is_none_or(|clock| {
        clock.strip_suffix(')').is_some_and(|clock| {
            let time = clock.rsplit_once(", ").map_or(clock, |(_, time)| time);
            time.split(':').count() == 3 && time.split(':').all(digits)
        })
    });
    decimal && clock
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns a number of digits only; `None` when it does not fit.
pub fn number(text: &str) -> Option<u32> {
    digits(text).then(|| text.parse().ok())?
}

/// How many tests a session set out to run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// Tests collected.
    pub items: u32,
    /// Of these, not selected.
    pub deselected: u32,
    /// Modules skipped at collection: counted as skipped later, and no items.
    pub modules_skipped: u32,
}

/// Returns what `collected 5 items / 1 error / 2 deselected / 3 selected` says.
pub fn collected(line: &str) -> Option<Expected> {
    let line = line.strip_prefix("collecting ... ").unwrap_or(line);
    let mut parts = line.strip_prefix("collected ")?.trim_end().split(" / ");
    let (count, word) = parts.next()?.split_once(' ')?;
    if !matches!(word, "item" | "items") {
        return None;
    }
    let mut expected = Expected {
        items: number(count)?,
        ..Expected::default()
    };
    for part in parts {
        let (count, word) = part.split_once(' ')?;
        let count = number(count)?;
        match word {
            "deselected" => expected.deselected = count,
            "skipped" => expected.modules_skipped = count,
            _ => {}
        }
    }
    Some(expected)
}

/// Returns what xdist says: `2 workers [3 items]`, or `gw0 [3] / gw1 [3]` before its 3.3.
pub fn workers(line: &str) -> Option<Expected> {
    let line = line.trim_end();
    let items = if let Some((head, rest)) = line.split_once(" [") {
        let (count, tail) = rest.split_once(']')?;
        match head.split_once(' ') {
            Some((workers, "worker" | "workers")) if digits(workers) && tail.is_empty() => {
                let count = count
                    .strip_suffix(" items")
                    .or(count.strip_suffix(" item"))?;
                number(count)?
            }
            None if head.strip_prefix("gw").is_some_and(digits) => number(count)?,
            _ => return None,
        }
    } else {
        return None;
    };
    Some(Expected {
        items,
        ..Expected::default()
    })
}

#[cfg(test)]
mod tests;
