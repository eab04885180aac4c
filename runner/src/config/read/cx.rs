//! Reading typed values out of a spanned TOML tree, collecting what is wrong on the way.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::elsewhere;
use crate::config::error::{Problem, Sink};
use crate::config::human::{self, HumanError};
use crate::config::suggest::{clean, closest, listed, quoted};

pub(super) type Span = std::ops::Range<usize>;

/// Where in the document: `suites.unit.timeout`. Written out only when something is wrong there.
#[derive(Clone, Copy)]
pub(super) struct Path<'a> {
    pub(super) parent: Option<&'a Self>,
    pub(super) key: &'a str,
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            write!(out, "{parent}.")?;
        }
        let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if !self.key.is_empty() && self.key.chars().all(bare) {
            out.write_str(&clean(self.key, 60))
        } else {
            out.write_str(&quoted(self.key))
        }
    }
}

/// A key with its value.
#[derive(Clone)]
pub(super) struct Field<'a> {
    pub(super) path: Path<'a>,
    pub(super) key_span: Span,
    pub(super) value: &'a DeValue<'a>,
    pub(super) span: Span,
}

impl<'a> Field<'a> {
    pub(super) fn key(&self) -> &'a str {
        self.path.key
    }

    /// An element of this field's list: same path, its own place.
    fn element(&self, element: &'a Spanned<DeValue<'a>>) -> Self {
        Self {
            value: element.get_ref(),
            span: element.span(),
            ..self.clone()
        }
    }
}

/// The keys of a table, in the order of the file.
pub(super) fn fields<'a>(table: &'a DeTable<'a>, parent: Option<&'a Path<'a>>) -> Vec<Field<'a>> {
    let mut fields: Vec<Field<'a>> = table
        .iter()
        .map(|(key, value)| Field {
            path: Path {
                parent,
                key: key.get_ref(),
            },
            key_span: key.span(),
            value: value.get_ref(),
            span: value.span(),
        })
        .collect();
    fields.sort_by_key(|field| field.key_span.start);
    fields
}

/// The text and what is wrong with it.
pub(super) struct Cx<'t> {
    pub(super) text: &'t str,
    pub(super) sink: Sink,
}

impl Cx<'_> {
    pub(super) fn add(&mut self, problem: Problem) {
        self.sink.add(problem);
    }

    /// The closest of `candidates`, unless enough problems have suggestions.
    pub(super) fn closest<'c>(
        &self,
        word: &str,
        candidates: impl IntoIterator<Item = &'c str>,
    ) -> Option<&'c str> {
        if self.sink.is_full() {
            return None;
        }
        closest(word, candidates)
    }

    /// `known` are the keys that the table may have.
    pub(super) fn unknown_key(&mut self, field: &Field<'_>, known: &[&'static str]) {
        let meant = self.closest(field.key(), known.iter().copied());
        let place = match field.path.parent {
            Some(parent) => parent.to_string(),
            None => "a pipeline".to_owned(),
        };
        let problem = Problem::at(
            "unknown-key",
            field.key_span.clone(),
            format!("{place} has no key {}", quoted(field.key())),
        );
        self.add(match (meant, elsewhere::home(field.key())) {
            (Some(_), _) => problem.did_you_mean(meant),
            (None, Some(home)) => problem.help(format!("{} is a key of {home}", field.key())),
            (None, None) => problem.help(format!("keys: {}", listed(known.iter().copied(), 40))),
        });
    }

    pub(super) fn wrong_type(&mut self, field: &Field<'_>, expected: &str, label: String) {
        let problem = Problem::at(
            "wrong-type",
            field.span.clone(),
            format!(
                "{} must be {expected}, not {}",
                field.path,
                kind(field.value)
            ),
        )
        .label(label);
        self.add(problem);
    }

    pub(super) fn bad_value(&mut self, field: &Field<'_>, message: &str, label: impl Into<String>) {
        let problem = Problem::at(
            "bad-value",
            field.span.clone(),
            format!("{} {message}", field.path),
        )
        .label(label);
        self.add(problem);
    }

    pub(super) fn table<'a>(&mut self, field: &'a Field<'a>, like: &str) -> Option<Vec<Field<'a>>> {
        if let DeValue::Table(table) = field.value {
            return Some(fields(table, Some(&field.path)));
        }
        self.wrong_type(field, "a table", format!("write {like}"));
        None
    }

    /// A string without NULs.
    pub(super) fn string(&mut self, field: &Field<'_>) -> Option<Spanned<String>> {
        self.string_as(field, "a string")
    }

    fn string_as(&mut self, field: &Field<'_>, expected: &str) -> Option<Spanned<String>> {
        let DeValue::String(text) = field.value else {
            let label = match scalar(field.value) {
                Some(text) => format!("write {}", quoted(&text)),
                None => String::new(),
            };
            self.wrong_type(field, expected, label);
            return None;
        };
        if text.contains('\0') {
            self.bad_value(
                field,
                "holds a NUL character",
                "no program can be given a NUL",
            );
            return None;
        }
        Some(Spanned::new(field.span.clone(), text.to_string()))
    }

    pub(super) fn filled_string(&mut self, field: &Field<'_>) -> Option<Spanned<String>> {
        let string = self.string(field)?;
        if string.get_ref().trim().is_empty() {
            self.bad_value(field, "is empty", "write something, or leave the key out");
            return None;
        }
        Some(string)
    }

    /// A list; each element is read by `read`, and one wrong element does not hide the others.
    pub(super) fn list<'a, T>(
        &mut self,
        field: &'a Field<'a>,
        like: &str,
        mut read: impl FnMut(&mut Self, &Field<'a>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let DeValue::Array(array) = field.value else {
            let label = match field.value {
                DeValue::String(text) => format!("write [{}]", quoted(text)),
                _ => format!("write {like}"),
            };
            self.wrong_type(field, "a list", label);
            return None;
        };
        let all = array
            .iter()
            .map(|element| read(self, &field.element(element)))
            .collect::<Vec<_>>();
        all.into_iter().collect()
    }

    pub(super) fn strings(
        &mut self,
        field: &Field<'_>,
        like: &str,
    ) -> Option<Vec<Spanned<String>>> {
        self.list(field, like, |cx, element| {
            cx.string_as(element, "a list of strings")
        })
    }

    pub(super) fn boolean(&mut self, field: &Field<'_>) -> Option<bool> {
        match field.value {
            DeValue::Boolean(value) => Some(*value),
            DeValue::String(text) if matches!(&**text, "true" | "false") => {
                self.wrong_type(
                    field,
                    "true or false",
                    format!("write {text} without quotes"),
                );
                None
            }
            _ => {
                self.wrong_type(field, "true or false", String::new());
                None
            }
        }
    }

    pub(super) fn integer(&mut self, field: &Field<'_>, range: RangeInclusive<u32>) -> Option<u32> {
        let (least, most) = (*range.start(), *range.end());
        let expected = format!("a whole number from {least} to {most}");
        let DeValue::Integer(_) = field.value else {
            let label = match field.value {
                DeValue::String(text) if text.trim().parse::<u32>().is_ok() => {
                    format!("write {} without quotes", text.trim())
                }
                _ => String::new(),
            };
            self.wrong_type(field, &expected, label);
            return None;
        };
        let value = whole(field.value).and_then(|value| u32::try_from(value).ok());
        let value = value.filter(|value| range.contains(value));
        if value.is_none() {
            self.bad_value(field, &format!("must be {expected}"), "");
        }
        value
    }

    /// A duration of at most 720 hours; zero only where it is allowed.
    pub(super) fn duration(&mut self, field: &Field<'_>, zero: bool) -> Option<Duration> {
        const LIKE: &str = "write it like \"250ms\", \"90s\", \"30m\" or \"1h 30m\"";
        let DeValue::String(text) = field.value else {
            let label = match whole(field.value) {
                Some(number) if number >= 0 => format!("write \"{number}s\" for seconds"),
                _ => LIKE.to_owned(),
            };
            self.wrong_type(field, "a duration like \"90s\"", label);
            return None;
        };
        match human::duration(text) {
            Ok(duration) if duration.is_zero() && !zero => {
                self.bad_value(field, "must be more than zero", "");
                None
            }
            Ok(duration) => Some(duration),
            Err(why) => {
                let label = match &why {
                    HumanError::NoUnit(number) => format!("write \"{number}s\" for seconds"),
                    HumanError::TooLarge => "at most \"720h\"".to_owned(),
                    other => clean(&other.to_string(), 80),
                };
                let problem = Problem::at(
                    "bad-duration",
                    field.span.clone(),
                    format!("{} is not a duration: {}", field.path, quoted(text)),
                )
                .label(label)
                .help(LIKE);
                self.add(problem);
                None
            }
        }
    }

    /// A size in bytes within `range`; `bounds` is the range for people.
    pub(super) fn size(
        &mut self,
        field: &Field<'_>,
        range: RangeInclusive<u64>,
        bounds: &str,
    ) -> Option<u64> {
        let DeValue::String(text) = field.value else {
            let label = match whole(field.value) {
                Some(number) if number >= 0 => format!("write \"{number}B\" for bytes"),
                _ => "write it like \"256MiB\"".to_owned(),
            };
            self.wrong_type(field, "a size like \"256MiB\"", label);
            return None;
        };
        match human::size(text) {
            Ok(size) if range.contains(&size) => Some(size),
            Ok(_) => {
                self.bad_value(field, &format!("must be {bounds}"), "");
                None
            }
            Err(why) => {
                let label = match &why {
                    HumanError::NoUnit(number) => format!("write \"{number}MiB\" or \"{number}B\""),
                    HumanError::Unit {
                        meant: Some(unit), ..
                    } => format!("did you mean {unit}?"),
                    other => clean(&other.to_string(), 80),
                };
                let problem = Problem::at(
                    "bad-size",
                    field.span.clone(),
                    format!("{} is not a size: {}", field.path, quoted(text)),
                )
                .label(label)
                .help("write it like \"512MiB\" (1024s) or \"1GB\" (1000s)");
                self.add(problem);
                None
            }
        }
    }
}

/// A value's type, with its article.
pub(super) fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// An integer's value, whatever its base.
pub(super) fn whole(value: &DeValue<'_>) -> Option<i64> {
    match value {
        DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix()).ok(),
        _ => None,
    }
}

/// A number's or boolean's text.
fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::Integer(integer) => Some(integer.to_string()),
        DeValue::Float(float) => Some(float.to_string()),
        DeValue::Boolean(value) => Some(value.to_string()),
        DeValue::Datetime(value) => Some(value.to_string()),
        _ => None,
    }
}
