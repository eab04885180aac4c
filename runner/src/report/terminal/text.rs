//! Small words: durations, numbers, widths, cuts.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Returns how many columns the text takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// Returns the text cut to `max` columns, with `mark` at the end where something is gone.
pub(super) fn cut(text: &str, max: usize, mark: &str) -> String {
    if width(text) <= max {
        return text.to_owned();
    }
    let mut short = head(text, max.saturating_sub(width(mark)));
    if width(mark) <= max {
        short.push_str(mark);
    }
    short
}

/// Returns the text cut to `max` columns in its middle: both ends tell suites apart.
pub(super) fn cut_middle(text: &str, max: usize, mark: &str) -> String {
    if width(text) <= max {
        return text.to_owned();
    }
    let room = max.saturating_sub(width(mark));
    let front = head(text, room.div_ceil(2));
    let reversed: String = text.chars().rev().collect();
    let back: String = head(&reversed, room / 2).chars().rev().collect();
    format!("{front}{mark}{back}")
}

/// The longest start of at most `max` columns.
fn head(text: &str, max: usize) -> String {
    let mut used = 0;
    text.chars()
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= max
        })
        .collect()
}

/// Returns the text filled up with spaces behind it.
pub(super) fn left(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// Returns the text filled up with spaces before it.
pub(super) fn right(text: &str, columns: usize) -> String {
    format!("{}{text}", " ".repeat(columns.saturating_sub(width(text))))
}

/// Returns milliseconds as `0.41s`, `41.2s`, `1m52.4s`, `1h02m`.
pub(crate) fn exact(ms: u64) -> String {
    match ms {
        0..10_000 => format!("{}.{:02}s", ms / 1000, ms % 1000 / 10),
        10_000..60_000 => format!("{}.{}s", ms / 1000, ms % 1000 / 100),
        60_000..3_600_000 => format!(
            "{}m{:02}.{}s",
            ms / 60_000,
            ms % 60_000 / 1000,
            ms % 1000 / 100
        ),
        _ => format!("{}h{:02}m", ms / 3_600_000, ms % 3_600_000 / 60_000),
    }
}

/// Returns milliseconds in whole seconds, for times that still grow: `22s`, `1m12s`, `1h02m`.
pub(super) fn rough(ms: u64) -> String {
    match ms {
        0..60_000 => format!("{}s", ms / 1000),
        60_000..3_600_000 => format!("{}m{:02}s", ms / 60_000, ms % 60_000 / 1000),
        _ => exact(ms),
    }
}

/// Returns a number with thousands apart: `18,231`.
pub(crate) fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Returns a size for people: `512 B`, `884 KiB`, `1.2 MiB`.
pub(crate) fn bytes(n: u64) -> String {
    const UNITS: [(&str, u32); 3] = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    for (unit, shift) in UNITS {
        let whole = n >> shift;
        if whole > 0 {
            return if whole < 100 && shift > 10 {
                let tenths = ((n >> (shift - 10)) * 10 + 512) / 1024;
                format!("{}.{} {unit}", tenths / 10, tenths % 10)
            } else {
                format!("{whole} {unit}")
            };
        }
    }
    format!("{n} B")
}

/// Returns `1 suite`, `2 suites`.
pub(crate) fn plural(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", number(n), if n == 1 { "" } else { "s" })
}

/// Returns a word as a shell takes it back.
pub(crate) fn shell(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:@%+,=".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_follow_the_grammar() {
        let cases = [
            (0, "0.00s", "0s"),
            (412, "0.41s", "0s"),
            (41_200, "41.2s", "41s"),
            (112_400, "1m52.4s", "1m52s"),
            (3_725_000, "1h02m", "1h02m"),
        ];
        for (ms, exactly, roughly) in cases {
            assert_eq!((exact(ms), rough(ms)), (exactly.into(), roughly.into()));
        }
    }

    #[test]
    fn numbers_and_sizes_are_for_people() {
        assert_eq!(
            [0, 999, 1000, 18_231, 1_000_000].map(number).join(" "),
            "0 999 1,000 18,231 1,000,000"
        );
        let sizes = [0, 1023, 1024, 905_216, 1_258_291, 10_171_187, 4 << 30].map(bytes);
        assert_eq!(
            sizes.join(" "),
            "0 B 1023 B 1 KiB 884 KiB 1.2 MiB 9.7 MiB 4.0 GiB"
        );
        assert_eq!(
            [plural(1, "suite"), plural(2, "case")],
            ["1 suite", "2 cases"]
        );
    }

    #[test]
    fn cuts_keep_the_width() {
        assert_eq!(cut("a long text", 7, "…"), "a long…");
        assert_eq!(cut("short", 7, "…"), "short");
        assert_eq!(cut("日本語テスト", 7, "..."), "日本...");
        assert_eq!(
            cut_middle("checkout-e2e[python=py3.13]", 20, "…"),
            "checkout-e…n=py3.13]"
        );
        assert_eq!(cut("abc", 0, "…"), "");
        for max in 1..20 {
            assert!(width(&cut("日本語テスト and more", max, "…")) <= max);
            assert!(width(&cut_middle("日本語テスト and more", max, "…")) <= max);
        }
    }

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(shell("unit"), "unit");
        assert_eq!(shell("unit[python=3.13]"), "'unit[python=3.13]'");
        assert_eq!(shell("it's"), "'it'\\''s'");
        assert_eq!(shell(""), "''");
    }
}
