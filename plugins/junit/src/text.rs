//! Small text: cutting, one line of many, numbers as producers write them.

use tribunal_judge_kit::text::decimal;

/// Returns the text's beginning, at most `max` bytes, never half a character.
pub(crate) fn clip(text: &str, max: usize) -> &str {
    text.get(..text.floor_char_boundary(max)).unwrap_or(text)
}

/// Returns the first line that is not blank, at most `max` bytes of it.
pub(crate) fn first_line(text: &str, max: usize) -> Option<&str> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    Some(clip(line, max))
}

/// Returns a duration in milliseconds from seconds as they are found in reports: `1.4e-05`,
/// `1,234.5`, `0,25`. `None` for what is no duration: empty, `NaN`, infinite, negative.
pub(crate) fn milliseconds(text: &str) -> Option<f64> {
    let text = text.trim();
    // Formatted numbers have a grain; 0.1 + 0.2 is not wanted in a report.
    let grain = |ms: f64| (ms * 1000.0).round() / 1000.0;
    if let Some(seconds) = decimal(text) {
        return Some(grain(seconds * 1000.0));
    }
    let number = match (text.rfind(','), text.contains('.')) {
        (None, _) => text.parse(),
        (Some(comma), false) if text.len() - comma != 4 => text.replace(',', ".").parse(),
        _ => text.replace(',', "").parse(),
    };
    let ms = number.ok().map(|seconds: f64| seconds * 1000.0)?;
    (ms.is_finite() && ms >= 0.0).then(|| grain(ms))
}

/// Returns a count like `12` or `1,204`; `None` for anything else.
pub(crate) fn count(text: &str) -> Option<u64> {
    text.trim().replace(',', "").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, ms) in [
            ("0.5", Some(500.0)),
            ("0.", Some(0.0)),
            (" 1.4e-05 ", Some(0.014)),
            ("1,234.5", Some(1_234_500.0)),
            ("1,234", Some(1_234_000.0)),
            ("0,25", Some(250.0)),
            ("-0.001", None),
            ("", None),
            ("NaN", None),
            ("inf", None),
            ("1e999", None),
            ("<<computed>>", None),
        ] {
            assert_eq!(milliseconds(text), ms, "{text}");
        }
    }

    #[test]
    fn counts_are_whole_numbers() {
        assert_eq!(count("1,204"), Some(1204));
        assert_eq!(count("-1"), None);
        assert_eq!(count(""), None);
    }

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!(clip("grün", 3), "gr");
        assert_eq!(clip("grün", 99), "grün");
        assert_eq!(first_line("\n  \n  why \nmore", 99), Some("why"));
        assert_eq!(first_line(" \n", 99), None);
    }
}
