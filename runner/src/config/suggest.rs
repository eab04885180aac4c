//! "Did you mean", and quoting of what a user wrote.

/// Words of other tools, and ours for them.
const ALIASES: [(&str, &str); 15] = [
    ("cmd", "command"),
    ("depends_on", "needs"),
    ("dependencies", "needs"),
    ("dir", "cwd"),
    ("environment", "env"),
    ("args", "command"),
    ("parallel", "jobs"),
    ("parallel", "shards"),
    ("plugin", "judge"),
    ("retry", "retries"),
    ("run", "script"),
    ("sha", "sha256"),
    ("tags", "labels"),
    ("variables", "env"),
    ("working_directory", "cwd"),
];

/// The longest word worth comparing, in bytes.
const LONGEST: usize = 64;

/// The candidate that `word` was most likely meant to be, if any is close.
pub(crate) fn closest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    if word.is_empty() || word.len() > LONGEST {
        return None;
    }
    let plain = plain(word);
    let allowed = match plain.chars().count() {
        0..=2 => 0,
        3..=4 => 1,
        5..=8 => 2,
        long => long / 3,
    };
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        if candidate == word || candidate.len() > LONGEST {
            continue;
        }
        let other = self::plain(candidate);
        let distance = if other == plain || is_alias(&plain, &other) {
            0
        } else if other.len().abs_diff(plain.len()) > allowed.max(3) {
            continue;
        } else {
            let distance = strsim::osa_distance(&plain, &other);
            // Two changes, one of them the first letter: another word.
            let other_word = distance > 1 && plain.chars().next() != other.chars().next();
            if (distance > allowed || other_word) && strsim::jaro_winkler(&plain, &other) < 0.9 {
                continue;
            }
            distance
        };
        if best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

fn plain(word: &str) -> String {
    word.to_lowercase().replace('-', "_")
}

fn is_alias(word: &str, ours: &str) -> bool {
    ALIASES.contains(&(word, ours))
}

/// Text of a user in double quotes, safe for a terminal, at most 60 characters of it.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", clean(text, 60))
}

/// Text of a user without control characters, at most `limit` characters of it.
pub(crate) fn clean(text: &str, limit: usize) -> String {
    let mut out = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == limit {
            out.push('…');
            break;
        }
        if c.is_control() || is_invisible(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// Characters that turn the direction of text or hide, and so could make a message lie.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// `a, b, c`, at most `limit` of them, then how many more there are.
pub(crate) fn listed<'a>(words: impl IntoIterator<Item = &'a str>, limit: usize) -> String {
    let mut words = words.into_iter();
    let mut out: Vec<String> = words
        .by_ref()
        .take(limit)
        .map(|word| clean(word, 60))
        .collect();
    let more = words.count();
    if more > 0 {
        out.push(format!("and {more} more"));
    }
    out.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_words_are_found_and_far_ones_are_not() {
        let keys = ["timeout", "retries", "command", "fail_fast", "env", "needs"];
        let cases = [
            ("timeouts", Some("timeout")),
            ("tiemout", Some("timeout")),
            ("retry", Some("retries")),
            ("cmd", Some("command")),
            ("fail-fast", Some("fail_fast")),
            ("ENV", Some("env")),
            ("depends_on", Some("needs")),
            ("meeds", Some("needs")),
            ("seeded", None),
            ("colour", None),
            ("x", None),
            ("", None),
        ];
        for (word, expected) in cases {
            assert_eq!(closest(word, keys), expected, "{word}");
        }
    }

    #[test]
    fn quoting_disarms_control_characters() {
        assert_eq!(
            quoted("a\u{1b}[31m\u{202e}\n"),
            "\"a\\u{1b}[31m\\u{202e}\\n\""
        );
        assert_eq!(quoted(&"x".repeat(100)).chars().count(), 63);
    }

    #[test]
    fn long_lists_are_counted() {
        assert_eq!(listed(["a", "b", "c"], 3), "a, b, c");
        assert_eq!(listed(["a", "b", "c"], 2), "a, b, and 1 more");
    }
}
