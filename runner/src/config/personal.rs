//! A person's own `config.toml`: how tribunal looks to them. Nothing in it decides what runs or what passes.

use std::io::ErrorKind;
use std::path::Path;

use toml::{Table, Value};

use super::suggest::{clean, closest};

/// More is not read.
const LARGEST: u64 = 64 << 10;
const KEYS: [&str; 3] = ["ascii", "color", "live"];
const COLORS: [&str; 3] = ["auto", "always", "never"];

/// What the file says; nothing of what it does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Personal {
    /// `auto`, `always` or `never`.
    pub(crate) color: Option<String>,
    /// Whether there may be a live region.
    pub(crate) live: Option<bool>,
    /// Whether symbols stay within ASCII.
    pub(crate) ascii: Option<bool>,
}

/// Reads the file. Where it is wrong, the rest of it holds, and what is wrong comes back in a sentence each: a matter
/// of taste stops no run. A file that is not there says nothing.
pub(crate) fn read(path: &Path) -> (Personal, Vec<String>) {
    match std::fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Default::default(),
        Ok(known) if known.len() > LARGEST => {
            return (
                Personal::default(),
                vec!["it is larger than 64 KiB".to_owned()],
            );
        }
        _ => {}
    }
    match std::fs::read_to_string(path) {
        Ok(text) => parse(&text),
        Err(error) => (
            Personal::default(),
            vec![format!("it cannot be read: {error}")],
        ),
    }
}

fn parse(text: &str) -> (Personal, Vec<String>) {
    let mut wrong = Vec::new();
    let mut personal = Personal::default();
    let table: Table = match text.parse() {
        Ok(table) => table,
        Err(error) => {
            let error: toml::de::Error = error;
            let at = error.span().map_or(0, |span| span.start);
            let line = 1 + text.get(..at).unwrap_or("").matches('\n').count();
            let what = format!("line {line}: {}", clean(error.message(), 200));
            return (personal, vec![what]);
        }
    };
    for (key, value) in &table {
        match (key.as_str(), value) {
            ("display", Value::Table(display)) => personal.display(display, &mut wrong),
            ("display", _) => wrong.push("display is no table: write [display]".to_owned()),
            (key, _) => wrong.push(unknown(key, &["display"])),
        }
    }
    (personal, wrong)
}

impl Personal {
    fn display(&mut self, display: &Table, wrong: &mut Vec<String>) {
        for (key, value) in display {
            match (key.as_str(), value) {
                ("color", Value::String(word)) if COLORS.contains(&word.as_str()) => {
                    self.color = Some(word.clone());
                }
                ("live", Value::Boolean(live)) => self.live = Some(*live),
                ("ascii", Value::Boolean(ascii)) => self.ascii = Some(*ascii),
                ("color", _) => {
                    wrong.push(format!("display.color is one of: {}", COLORS.join(", ")));
                }
                (key @ ("live" | "ascii"), _) => {
                    wrong.push(format!("display.{key} is true or false"));
                }
                (key, _) => wrong.push(format!("display: {}", unknown(key, &KEYS))),
            }
        }
    }
}

fn unknown(key: &str, known: &[&str]) -> String {
    let hint = match closest(key, known.iter().copied()) {
        Some(meant) => format!("did you mean \"{meant}\"?"),
        None => format!("keys: {}", known.join(", ")),
    };
    format!("there is no key \"{}\"; {hint}", clean(key, 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_right_holds_whatever_else_is_wrong() {
        let (personal, wrong) = parse(
            "theme = 1\n[display]\ncolor = \"never\"\nlive = 0\nascii = true\ncolour = \"x\"\n",
        );
        let expected = Personal {
            color: Some("never".to_owned()),
            live: None,
            ascii: Some(true),
        };
        assert_eq!(personal, expected);
        assert_eq!(
            wrong,
            [
                "display: there is no key \"colour\"; did you mean \"color\"?",
                "display.live is true or false",
                "there is no key \"theme\"; keys: display",
            ]
        );
        let (personal, wrong) = parse("[display]\ncolor = \"blue\"\n");
        assert_eq!(personal, Personal::default());
        assert_eq!(wrong, ["display.color is one of: auto, always, never"]);
        let (_, wrong) = parse("\n\nx = = 1");
        assert!(wrong[0].starts_with("line 3: "), "{wrong:?}");
    }

    #[test]
    fn a_file_that_is_not_there_says_nothing() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("config.toml");
        assert_eq!(read(&path), (Personal::default(), Vec::new()));
        std::fs::write(&path, "[display]\nlive = false\n").expect("written");
        assert_eq!(read(&path).0.live, Some(false));
        assert_eq!(read(dir.path()).1.len(), 1);
    }
}
