//! Durations and sizes as people write them.

use std::time::Duration;

/// The longest duration accepted: 720 hours.
pub(super) const LONGEST: Duration = Duration::from_hours(720);

/// Why a duration or a size is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum HumanError {
    #[error("it is empty")]
    Empty,
    #[error("\"{0}\" is no number")]
    Number(String),
    #[error("\"{0}\" has no unit")]
    NoUnit(String),
    #[error("\"{unit}\" is no unit")]
    Unit {
        unit: String,
        meant: Option<&'static str>,
    },
    #[error("it is too large")]
    TooLarge,
}

/// Parses `1h 30m`, `90s`, `250ms`, `1.5h`: numbers with units, added up, in whole milliseconds and
/// at most [`LONGEST`].
pub(super) fn duration(text: &str) -> Result<Duration, HumanError> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(HumanError::Empty);
    }
    let mut total = 0.0_f64;
    while !rest.is_empty() {
        let (number, unit, after) = quantity(rest)?;
        let millis = match unit.to_ascii_lowercase().as_str() {
            "ms" | "msec" | "msecs" | "millisecond" | "milliseconds" => 1.0,
            "s" | "sec" | "secs" | "second" | "seconds" => 1e3,
            "m" | "min" | "mins" | "minute" | "minutes" => 60e3,
            "h" | "hr" | "hrs" | "hour" | "hours" => 3600e3,
            "d" | "day" | "days" => 86_400e3,
            _ => {
                return Err(HumanError::Unit {
                    unit: unit.to_owned(),
                    meant: None,
                });
            }
        };
        total += number * millis;
        rest = after.trim_start_matches([' ', ',']);
    }
    // Rounded: 0.1 s must not become 99 ms.
    let duration =
        Duration::try_from_secs_f64(total.round() / 1e3).map_err(|_| HumanError::TooLarge)?;
    if duration > LONGEST {
        return Err(HumanError::TooLarge);
    }
    Ok(duration)
}

const UNITS: [(&str, u64); 17] = [
    ("B", 1),
    ("k", 1000),
    ("K", 1000),
    ("kB", 1000),
    ("KB", 1000),
    ("M", 1_000_000),
    ("MB", 1_000_000),
    ("G", 1_000_000_000),
    ("GB", 1_000_000_000),
    ("Ki", 1 << 10),
    ("KiB", 1 << 10),
    ("Mi", 1 << 20),
    ("MiB", 1 << 20),
    ("Gi", 1 << 30),
    ("GiB", 1 << 30),
    ("Ti", 1 << 40),
    ("TiB", 1 << 40),
];

/// Parses `256MiB`, `512Mi`, `1GB`, `1.5 GiB`: a number with a unit, in whole bytes, below 8 PiB.
pub(super) fn size(text: &str) -> Result<u64, HumanError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(HumanError::Empty);
    }
    let (number, unit, after) = quantity(text)?;
    let Some(&(_, factor)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        let same = |(name, _): &&(&'static str, u64)| name.eq_ignore_ascii_case(unit);
        return Err(HumanError::Unit {
            unit: unit.to_owned(),
            meant: UNITS.iter().rfind(same).map(|(name, _)| *name),
        });
    };
    if !after.trim().is_empty() {
        return Err(HumanError::Number(after.trim().to_owned()));
    }
    #[expect(clippy::cast_precision_loss, reason = "factors are powers below 2^53")]
    let bytes = (number * factor as f64).round();
    if bytes >= 9_007_199_254_740_992.0 {
        return Err(HumanError::TooLarge);
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number from 0 to 2^53"
    )]
    Ok(bytes as u64)
}

/// Splits `1.5h rest` into its number, its unit and the rest.
fn quantity(text: &str) -> Result<(f64, &str, &str), HumanError> {
    let digits = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_'))
        .unwrap_or(text.len());
    let (number, rest) = text.split_at(digits);
    let value: f64 = number
        .replace('_', "")
        .parse()
        .map_err(|_| HumanError::Number(first_word(text).to_owned()))?;
    let rest = rest.trim_start();
    let letters = rest
        .find(|c: char| !c.is_alphabetic())
        .unwrap_or(rest.len());
    let (unit, after) = rest.split_at(letters);
    if unit.is_empty() {
        return Err(HumanError::NoUnit(number.to_owned()));
    }
    Ok((value, unit, after))
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_as_people_write_them() {
        let cases = [
            ("250ms", 250),
            ("90s", 90_000),
            ("1h 30m", 5_400_000),
            ("1h30m", 5_400_000),
            ("1.5h", 5_400_000),
            ("0.1s", 100),
            ("2 minutes", 120_000),
            ("1 hour, 5 min", 3_900_000),
            ("1d", 86_400_000),
            ("0s", 0),
            ("720h", 2_592_000_000),
        ];
        for (text, millis) in cases {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused_with_the_part_that_is_wrong() {
        let cases = [
            ("", "it is empty"),
            ("fast", "\"fast\" is no number"),
            ("-5s", "\"-5s\" is no number"),
            ("1.2.3s", "\"1.2.3s\" is no number"),
            ("90", "\"90\" has no unit"),
            ("5 parsecs", "\"parsecs\" is no unit"),
            ("5m x", "\"x\" is no number"),
            ("721h", "it is too large"),
            ("999999999999999999999999999999h", "it is too large"),
        ];
        for (text, why) in cases {
            assert_eq!(duration(text).expect_err(text).to_string(), why, "{text}");
        }
    }

    #[test]
    fn sizes_as_people_write_them() {
        let cases = [
            ("256MiB", 256 << 20),
            ("512Mi", 512 << 20),
            ("1GB", 1_000_000_000),
            ("64 k", 64_000),
            ("1.5GiB", 3 << 29),
            ("0B", 0),
        ];
        for (text, bytes) in cases {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_refused() {
        assert_eq!(size("5"), Err(HumanError::NoUnit("5".to_owned())));
        assert_eq!(size("1MiB 2"), Err(HumanError::Number("2".to_owned())));
        assert_eq!(size("9000000000TiB"), Err(HumanError::TooLarge));
        let Err(HumanError::Unit { meant, .. }) = size("5mib") else {
            panic!("lower case is no unit");
        };
        assert_eq!(meant, Some("MiB"));
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "\\PC{0,20}") {
            prop_assert!(duration(&text).is_ok_and(|d| d <= LONGEST) || duration(&text).is_err());
            prop_assert!(size(&text).is_ok_and(|s| s < 1 << 53) || size(&text).is_err());
        }

        #[test]
        fn whole_parts_add_up(h in 0u64..100, m in 0u64..100, s in 0u64..100, ms in 0u64..2000) {
            let expected = Duration::from_millis(((h * 60 + m) * 60 + s) * 1000 + ms);
            prop_assert_eq!(duration(&format!("{h}h {m}m {s}s {ms}ms")), Ok(expected));
        }
    }
}
