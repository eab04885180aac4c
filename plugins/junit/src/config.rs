//! The judge's settings: which artifacts are reports.

use std::iter::Peekable;
use std::str::Chars;

/// The JSON schema of the `config` table.
pub(crate) const SCHEMA: &str = r#"{
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "files": {
      "description": "Globs of the artifacts that are JUnit reports. Default: every artifact that ends in .xml",
      "type": "array",
      "items": { "type": "string" },
      "minItems": 1
    }
  }
}"#;

const EXAMPLE: &str = "give a list of globs, like files = [\"reports/*.xml\"]";

/// The settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Config {
    /// Globs; `None` when the pipeline names none.
    pub(crate) files: Option<Vec<String>>,
}

/// Reads the table; the error holds every problem of it.
pub(crate) fn parse(json: &str) -> Result<Config, Vec<String>> {
    let mut reader = Reader {
        rest: json.chars().peekable(),
    };
    let Some(Value::Table(entries)) = reader.document() else {
        return Err(vec!["the `config` table is not a JSON object".to_owned()]);
    };
    let mut config = Config::default();
    let mut problems = Vec::new();
    for (key, value) in entries {
        match (key.as_str(), value) {
            ("files", Value::List(items)) if !items.is_empty() => {
                let globs: Option<Vec<String>> = items
                    .into_iter()
                    .map(|item| match item {
                        Value::Text(glob) if !glob.is_empty() => Some(glob),
                        _ => None,
                    })
                    .collect();
                if globs.is_none() {
                    problems.push(format!(
                        "`files` holds something that is no glob: {EXAMPLE}"
                    ));
                }
                config.files = globs;
            }
            ("files", _) => problems.push(format!("`files` is no list: {EXAMPLE}")),
            (other, _) => problems.push(format!(
                "unknown setting `{other}`: the judge `junit` knows `files` only"
            )),
        }
    }
    if problems.is_empty() {
        Ok(config)
    } else {
        Err(problems)
    }
}

/// As much of JSON as is needed to find strings in lists.
enum Value {
    Text(String),
    List(Vec<Self>),
    Table(Vec<(String, Self)>),
    /// A number, a truth value, null.
    Bare,
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
}

/// Deeper settings are refused.
const DEPTH: u32 = 32;

impl Reader<'_> {
    fn document(&mut self) -> Option<Value> {
        let value = self.value(0)?;
        self.blanks();
        self.rest.next().is_none().then_some(value)
    }

    fn blanks(&mut self) {
        while self.rest.next_if(char::is_ascii_whitespace).is_some() {}
    }

    fn eat(&mut self, c: char) -> Option<()> {
        self.blanks();
        self.rest.next_if_eq(&c).map(drop)
    }

    fn value(&mut self, depth: u32) -> Option<Value> {
        self.blanks();
        match *self.rest.peek().filter(|_| depth < DEPTH)? {
            '"' => self.text().map(Value::Text),
            '[' => {
                let items = self.items('[', ']', |reader| reader.value(depth + 1))?;
                Some(Value::List(items))
            }
            '{' => {
                let entry = |reader: &mut Self| {
                    let key = reader.text()?;
                    reader.eat(':')?;
                    Some((key, reader.value(depth + 1)?))
                };
                self.items('{', '}', entry).map(Value::Table)
            }
            _ => {
                let bare = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.');
                self.rest.next_if(bare)?;
                while self.rest.next_if(bare).is_some() {}
                Some(Value::Bare)
            }
        }
    }

    fn items<T>(
        &mut self,
        open: char,
        close: char,
        mut item: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        self.eat(open)?;
        let mut items = Vec::new();
        if self.eat(close).is_some() {
            return Some(items);
        }
        loop {
            items.push(item(self)?);
            if self.eat(close).is_some() {
                return Some(items);
            }
            self.eat(',')?;
        }
    }

    fn text(&mut self) -> Option<String> {
        self.eat('"')?;
        let mut text = String::new();
        loop {
            match self.rest.next()? {
                '"' => return Some(text),
                '\\' => text.push(self.escape()?),
                c => text.push(c),
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        Some(match self.rest.next()? {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'u' => {
                let digits: String = self.rest.by_ref().take(4).collect();
                let unit = u16::from_str_radix(&digits, 16).ok()?;
                // Half of a pair: no glob that matters.
                char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            c => c,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_a_list_of_globs() {
        assert_eq!(parse("{}"), Ok(Config::default()));
        let config = parse(r#" { "files" : [ "a\/*.xml", "b\u0041" ] } "#).expect("fine");
        assert_eq!(
            config.files,
            Some(vec!["a/*.xml".to_owned(), "bA".to_owned()])
        );
    }

    #[test]
    fn every_problem_is_told() {
        let problems = parse(r#"{"file": ["x"], "files": "x", "strict": {"a": [1, null]}}"#);
        let problems = problems.expect_err("three problems");
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert!(problems[0].contains("`file`"), "{problems:?}");
        for bad in [
            "",
            "[]",
            "{\"files\": []}",
            "{\"files\": [3]}",
            "{\"files\": [\"\"]}",
            "{} {}",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert!(parse(&"[".repeat(100_000)).is_err());
    }
}
