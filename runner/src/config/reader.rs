//! Reads tables key by key and collects every mistake instead of stopping at the first.
//!
//! Derived deserialisation would stop there; so the parsed document is walked by hand.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Problems, suggest};
use super::value;

/// A value with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) span: Range<usize>,
}

type Value<'t> = Spanned<DeValue<'t>>;

/// A table that is being read. Keys that nobody asked for are unknown.
pub(super) struct Reader<'t, 'p> {
    table: &'t DeTable<'t>,
    /// How messages name the table: `suites.unit`.
    path: String,
    asked: Vec<&'static str>,
    problems: &'p mut Problems,
}

impl<'t, 'p> Reader<'t, 'p> {
    pub(super) fn new(
        table: &'t DeTable<'t>,
        path: impl Into<String>,
        problems: &'p mut Problems,
    ) -> Self {
        Self {
            table,
            path: path.into(),
            asked: Vec::new(),
            problems,
        }
    }

    pub(super) fn problems(&mut self) -> &mut Problems {
        self.problems
    }

    /// How messages name a key of this table.
    pub(super) fn name(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// The value of a key, whatever it is.
    pub(super) fn get(&mut self, key: &'static str) -> Option<&'t Value<'t>> {
        self.asked.push(key);
        self.table.get(key)
    }

    /// Where a key stands.
    pub(super) fn key_span(&self, key: &str) -> Range<usize> {
        self.table
            .get_key_value(key)
            .map_or(0..0, |(key, _)| key.span())
    }

    /// Complains about every key that nobody asked for.
    pub(super) fn finish(self) {
        for key in self.table.keys() {
            let word: &str = key.get_ref();
            if !self.asked.contains(&word) {
                let what = if self.path.is_empty() {
                    "the pipeline".to_owned()
                } else {
                    self.path.clone()
                };
                let label = suggest(word, self.asked.iter().copied());
                let message = format!("{what} has no key \"{word}\"");
                self.problems.add("unknown-key", key.span(), message, label);
            }
        }
    }

    fn wrong_type(&mut self, key: &str, value: &Value<'_>, expected: &str) {
        let found = value.get_ref().type_str();
        let message = format!("{} is not {expected}", self.name(key));
        self.problems.add(
            "wrong-type",
            value.span(),
            message,
            format!("this is of type {found}"),
        );
    }

    pub(super) fn string(&mut self, key: &'static str) -> Option<At<String>> {
        let value = self.get(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some(At {
                value: text.to_string(),
                span: value.span(),
            }),
            _ => {
                self.wrong_type(key, value, "a string");
                None
            }
        }
    }

    pub(super) fn bool(&mut self, key: &'static str) -> Option<bool> {
        let value = self.get(key)?;
        let found = value.get_ref().as_bool();
        if found.is_none() {
            self.wrong_type(key, value, "true or false");
        }
        found
    }

    /// A whole number of at least `least` and at most `most`.
    pub(super) fn number(&mut self, key: &'static str, least: u32, most: u32) -> Option<u32> {
        let value = self.get(key)?;
        let DeValue::Integer(number) = value.get_ref() else {
            self.wrong_type(key, value, "a whole number");
            return None;
        };
        let digits = number.as_str().replace('_', "");
        match i64::from_str_radix(&digits, number.radix())
            .ok()
            .and_then(|n| u32::try_from(n).ok())
        {
            Some(found) if (least..=most).contains(&found) => Some(found),
            _ => {
                let message = format!("{} is out of range", self.name(key));
                let label = format!("a whole number from {least} to {most}");
                self.problems
                    .add("out-of-range", value.span(), message, label);
                None
            }
        }
    }

    pub(super) fn duration(&mut self, key: &'static str) -> Option<Duration> {
        if let Some(value) = self.table.get(key)
            && let DeValue::Integer(number) = value.get_ref()
        {
            self.asked.push(key);
            let message = format!("{} lacks a unit", self.name(key));
            let label = format!("did you mean \"{}s\"?", number.as_str());
            self.problems
                .add("bad-duration", value.span(), message, label);
            return None;
        }
        let text = self.string(key)?;
        self.parsed(key, &text, "bad-duration", value::duration(&text.value))
    }

    pub(super) fn size(&mut self, key: &'static str) -> Option<u64> {
        let text = self.string(key)?;
        self.parsed(key, &text, "bad-size", value::size(&text.value))
    }

    fn parsed<T>(
        &mut self,
        key: &str,
        text: &At<String>,
        code: &'static str,
        result: Result<T, String>,
    ) -> Option<T> {
        result
            .map_err(|why| {
                let message = format!("{} = \"{}\" cannot be read", self.name(key), text.value);
                self.problems.add(code, text.span.clone(), message, why);
            })
            .ok()
    }

    /// A list of strings.
    pub(super) fn strings(&mut self, key: &'static str) -> Option<Vec<At<String>>> {
        let value = self.get(key)?;
        let Some(list) = value.get_ref().as_array() else {
            self.wrong_type(key, value, "a list of strings");
            if let (DeValue::String(text), "command") = (value.get_ref(), key)
                && let Some(last) = self.problems.last()
            {
                last.help(format!(
                    "write script = {text:?} for a shell, or a list: program and arguments"
                ));
            }
            return None;
        };
        let mut strings = Vec::new();
        for item in list.iter() {
            match item.get_ref() {
                DeValue::String(text) => strings.push(At {
                    value: text.to_string(),
                    span: item.span(),
                }),
                _ => self.wrong_type(key, item, "a list of strings"),
            }
        }
        Some(strings)
    }

    /// A table whose values are strings; numbers and booleans are taken as they are written.
    pub(super) fn string_map(&mut self, key: &'static str) -> Option<BTreeMap<String, String>> {
        let value = self.get(key)?;
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_type(key, value, "a table of strings");
            return None;
        };
        let mut map = BTreeMap::new();
        for (name, value) in table.iter() {
            match scalar(value.get_ref()) {
                Some(text) => {
                    map.insert(name.get_ref().to_string(), text);
                }
                None => self.wrong_type(&format!("{key}.{}", name.get_ref()), value, "a string"),
            }
        }
        Some(map)
    }

    /// A table, read by its own reader.
    pub(super) fn table<'s>(&'s mut self, key: &'static str) -> Option<Reader<'t, 's>> {
        let value = self.get(key)?;
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_type(key, value, "a table");
            return None;
        };
        let path = self.name(key);
        Some(Reader::new(table, path, self.problems))
    }

    /// The entries of this table in the order of the file; all keys count as asked for.
    pub(super) fn entries(&self) -> Vec<(At<String>, &'t Value<'t>)> {
        let mut entries: Vec<_> = self
            .table
            .iter()
            .map(|(key, value)| {
                (
                    At {
                        value: key.get_ref().to_string(),
                        span: key.span(),
                    },
                    value,
                )
            })
            .collect();
        entries.sort_by_key(|(key, _)| key.span.start);
        entries
    }
}

/// A string, number or boolean as text.
pub(super) fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.as_str().to_owned()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// Any value as JSON: what a judge gets of its `config` table.
pub(super) fn json(value: &DeValue<'_>) -> serde_json::Value {
    use serde_json::Value as Json;
    match value {
        DeValue::String(text) => Json::from(text.to_string()),
        DeValue::Integer(number) => {
            let digits = number.as_str().replace('_', "");
            i64::from_str_radix(&digits, number.radix()).map_or(Json::Null, Json::from)
        }
        DeValue::Float(number) => number
            .as_str()
            .replace('_', "")
            .parse::<f64>()
            .map_or(Json::Null, Json::from),
        DeValue::Boolean(truth) => Json::from(*truth),
        DeValue::Datetime(time) => Json::from(time.to_string()),
        DeValue::Array(list) => list.iter().map(|item| json(item.get_ref())).collect(),
        DeValue::Table(table) => table
            .iter()
            .map(|(key, value)| (key.get_ref().to_string(), json(value.get_ref())))
            .collect(),
    }
}
