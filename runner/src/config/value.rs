//! Durations and sizes as people write them: `1h 30m`, `250ms`, `256MiB`.

use std::time::Duration;

/// The longest duration that makes sense anywhere: a year.
const LONGEST: Duration = Duration::from_hours(24 * 366);

/// Reads a duration: numbers with units `ms`, `s`, `m`, `h`, `d`, added up. The error says what to write.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err("is empty; write something like \"30s\" or \"1h 30m\"".to_owned());
    }
    let mut sum = Duration::ZERO;
    while !rest.is_empty() {
        let (number, unit, next) = take(rest);
        let number: f64 = number.parse().map_err(|_| {
            "is not a duration; write something like \"30s\" or \"1h 30m\"".to_owned()
        })?;
        let seconds = match unit {
            "ms" => 0.001,
            "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
            "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
            "h" | "hour" | "hours" => 3_600.0,
            "d" | "day" | "days" => 86_400.0,
            "" => return Err(format!("lacks a unit; did you mean \"{}s\"?", text.trim())),
            _ => {
                return Err(format!(
                    "has an unknown unit \"{unit}\"; units are ms, s, m, h, d"
                ));
            }
        };
        sum = Duration::try_from_secs_f64(number * seconds)
            .ok()
            .and_then(|part| sum.checked_add(part))
            .filter(|sum| *sum <= LONGEST)
            .ok_or("is longer than a year")?;
        rest = next;
    }
    Ok(sum)
}

/// Reads a size in bytes: a number with `B`, `KB`, `KiB`, `K`, `Ki`, and so on up to tera.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let (number, unit, rest) = take(text.trim());
    let number: f64 = number
        .parse()
        .map_err(|_| "is not a size; write something like \"256MiB\"".to_owned())?;
    let unit = unit.to_ascii_lowercase();
    let letters = unit.trim_end_matches('b');
    let (prefix, base) = match letters.strip_suffix('i') {
        Some(prefix) => (prefix, 1024_f64),
        None => (letters, 1000_f64),
    };
    let power = match prefix {
        "" if letters.is_empty() => 0,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        _ => {
            return Err(format!(
                "has an unknown unit \"{unit}\"; units are B, KB, KiB, MB, MiB, GB, GiB"
            ));
        }
    };
    let bytes = number * base.powi(power);
    if !rest.is_empty() || !(0.0..1e15).contains(&bytes) {
        return Err("is not a size; write something like \"256MiB\"".to_owned());
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked just above"
    )]
    Ok(bytes as u64)
}

/// Splits off a number and the letters behind it.
fn take(text: &str) -> (&str, &str, &str) {
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, rest) = text.split_at(digits);
    let rest = rest.trim_start();
    let letters = rest
        .find(|c: char| !c.is_alphabetic())
        .unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(letters);
    (number, unit, rest.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, ms) in [
            ("250ms", 250),
            ("30s", 30_000),
            ("1.5s", 1_500),
            ("1h 30m", 5_400_000),
            ("1h30m", 5_400_000),
            ("2 minutes", 120_000),
            ("0s", 0),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for (text, words) in [
            ("", "empty"),
            ("30", "did you mean \"30s\"?"),
            ("-1s", "not a duration"),
            ("1.2.3s", "not a duration"),
            ("5 parsecs", "unknown unit"),
            ("9999999999h", "a year"),
            ("1e400s", "unknown unit"),
        ] {
            let error = duration(text).expect_err(text);
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("0", 0),
            ("17B", 17),
            ("1KB", 1000),
            ("256MiB", 256 << 20),
            ("512Mi", 512 << 20),
            ("1.5 GiB", 3 << 29),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "MiB", "1XB", "1MB 2", "-1MB", "9999999TB", "1ib"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
