//! `[judges.NAME]`.

use std::path::Path as FilePath;

use toml::Spanned;
use toml::de::DeValue;

use super::cx::{Cx, Field, Span};
use crate::config::error::Problem;
use crate::config::schema::BUILTIN_JUDGES;
use crate::config::suggest::{listed, quoted};
use crate::plan::{JudgeLimits, JudgeSource, JudgeSpec};

pub(super) const KEYS: [&str; 5] = ["path", "builtin", "sha256", "config", "limits"];
pub(super) const LIMIT_KEYS: [&str; 2] = ["memory", "cpu"];

/// A judge that the pipeline declares.
pub(super) struct Declared {
    pub(super) name: String,
    pub(super) spec: JudgeSpec,
    /// Where its `path` is written.
    path_span: Option<Span>,
    /// Whether its source is wrong, and was told so.
    broken: bool,
}

#[derive(Default)]
struct RawJudge {
    path: Option<Spanned<String>>,
    builtin: Option<Spanned<String>>,
    says_source: bool,
    sha256: Option<Spanned<String>>,
    /// Whether `sha256` is written, right or wrong.
    says_pin: bool,
    config: Option<serde_json::Value>,
    limits: JudgeLimits,
}

impl Cx<'_> {
    pub(super) fn judges(&mut self, field: &Field<'_>, root: &FilePath) -> Vec<Declared> {
        let mut judges = Vec::new();
        for field in self.table(field, "[judges.NAME]").unwrap_or_default() {
            let name_ok = self.check_name(&field, "judge");
            let raw = self.judge(&field);
            if name_ok {
                judges.push(self.declare(&field, raw, root));
            }
        }
        judges
    }

    fn judge(&mut self, field: &Field<'_>) -> RawJudge {
        let mut raw = RawJudge::default();
        let Some(fields) = self.table(field, "[judges.NAME]") else {
            raw.says_source = true;
            return raw;
        };
        for field in &fields {
            match field.key() {
                "path" => {
                    raw.says_source = true;
                    raw.path = self.filled_string(field);
                }
                "builtin" => {
                    raw.says_source = true;
                    raw.builtin = self.builtin(field);
                }
                "sha256" => {
                    raw.says_pin = true;
                    raw.sha256 = self.sha256(field);
                }
                "config" => {
                    if matches!(field.value, DeValue::Table(_)) {
                        raw.config = self.json(field, field.value, &field.span);
                    } else {
                        self.wrong_type(field, "a table", "write { minimum = 85 }".to_owned());
                    }
                }
                "limits" => self.limits(field, &mut raw.limits),
                _ => self.unknown_key(field, &KEYS),
            }
        }
        raw
    }

    fn declare(&mut self, field: &Field<'_>, raw: RawJudge, root: &FilePath) -> Declared {
        let name = field.key().to_owned();
        let is_builtin = BUILTIN_JUDGES.contains(&field.key());
        let mut broken = false;
        let mut wrong = |cx: &mut Self, span: Span, code, message: String, label: &str| {
            broken = true;
            cx.add(Problem::at(code, span, message).label(label));
        };
        let path_span = raw.path.as_ref().map(Spanned::span);
        let source = match (raw.path, raw.builtin) {
            (Some(_), Some(builtin)) => {
                let message = format!("judge {} has both path and builtin", quoted(&name));
                wrong(
                    self,
                    builtin.span(),
                    "two-sources",
                    message,
                    "take one of them out",
                );
                JudgeSource::Builtin(builtin.into_inner())
            }
            (Some(path), None) => {
                if is_builtin {
                    let message = format!("{} is the name of a built-in judge", quoted(&name));
                    let label = "choose another name for your own";
                    wrong(self, field.key_span.clone(), "bad-name", message, label);
                }
                if raw.sha256.is_none() && !raw.says_pin && leads_out(root, path.get_ref()) {
                    let message = format!(
                        "judge {} is outside of the pipeline's folder and has no sha256",
                        quoted(&name)
                    );
                    let label = "whoever can write there decides what passes";
                    self.add(
                        Problem::at("unpinned-judge", path.span(), message)
                            .label(label)
                            .help("pin it: sha256 = \"…\"; sha256sum FILE prints it"),
                    );
                }
                JudgeSource::File(root.join(path.get_ref()))
            }
            (None, Some(builtin)) => {
                if is_builtin && *builtin.get_ref() != name {
                    let message =
                        format!("{} is the name of another built-in judge", quoted(&name));
                    wrong(
                        self,
                        field.key_span.clone(),
                        "bad-name",
                        message,
                        "choose another name",
                    );
                }
                JudgeSource::Builtin(builtin.into_inner())
            }
            (None, None) => {
                if !raw.says_source && !is_builtin {
                    let message = format!("judge {} does not say where it is", quoted(&name));
                    let label = "it needs a path, or a builtin to refine";
                    wrong(self, field.key_span.clone(), "no-source", message, label);
                }
                JudgeSource::Builtin(name.clone())
            }
        };
        if let (Some(pin), JudgeSource::Builtin(_)) = (&raw.sha256, &source) {
            let message = format!("judge {} is built in: it has no file to pin", quoted(&name));
            wrong(self, pin.span(), "bad-value", message, "take it out");
        }
        Declared {
            name,
            path_span,
            broken,
            spec: JudgeSpec {
                source,
                sha256: raw.sha256.map(|pin| pin.into_inner().to_ascii_lowercase()),
                config: raw.config.unwrap_or_else(|| serde_json::json!({})),
                limits: raw.limits,
            },
        }
    }

    fn builtin(&mut self, field: &Field<'_>) -> Option<Spanned<String>> {
        let name = self.filled_string(field)?;
        if BUILTIN_JUDGES.contains(&name.get_ref().as_str()) {
            return Some(name);
        }
        let meant = self.closest(name.get_ref(), BUILTIN_JUDGES);
        let problem = Problem::at(
            "unknown-judge",
            name.span(),
            format!("there is no built-in judge {}", quoted(name.get_ref())),
        )
        .did_you_mean(meant)
        .help(format!("built in: {}", listed(BUILTIN_JUDGES, 20)));
        self.add(problem);
        None
    }

    fn sha256(&mut self, field: &Field<'_>) -> Option<Spanned<String>> {
        let pin = self.string(field)?;
        let text = pin.get_ref();
        let label = match text.chars().find(|c| !c.is_ascii_hexdigit()) {
            Some(c) => format!("{} is no hex digit", quoted(&c.to_string())),
            None if text.len() != 64 => format!("it has {} hex digits, not 64", text.len()),
            None => return Some(pin),
        };
        let problem = Problem::at(
            "bad-sha256",
            field.span.clone(),
            format!("{} is not a SHA-256 digest", field.path),
        )
        .label(label)
        .help("sha256sum FILE prints it");
        self.add(problem);
        None
    }

    fn limits(&mut self, field: &Field<'_>, limits: &mut JudgeLimits) {
        let like = "{ memory = \"256MiB\", cpu = \"10s\" }";
        for field in self.table(field, like).unwrap_or_default() {
            match field.key() {
                "memory" => {
                    if let Some(memory) =
                        self.size(&field, 64 << 10..=4 << 30, "from 64KiB to 4GiB")
                    {
                        limits.memory = memory;
                    }
                }
                "cpu" => limits.cpu = self.duration(&field, false).unwrap_or(limits.cpu),
                _ => self.unknown_key(&field, &LIMIT_KEYS),
            }
        }
    }

    /// The value as JSON. Dates become strings.
    pub(super) fn json(
        &mut self,
        field: &Field<'_>,
        value: &DeValue<'_>,
        span: &Span,
    ) -> Option<serde_json::Value> {
        use serde_json::Value;
        Some(match value {
            DeValue::String(text) => Value::String(text.to_string()),
            DeValue::Boolean(value) => Value::Bool(*value),
            DeValue::Datetime(value) => Value::String(value.to_string()),
            DeValue::Integer(_) => match super::cx::whole(value) {
                Some(value) => Value::from(value),
                None => return self.no_json(field, span, "it does not fit in 64 bits"),
            },
            DeValue::Float(float) => {
                let number = float.as_str().parse::<f64>().ok();
                match number.and_then(serde_json::Number::from_f64) {
                    Some(number) => Value::Number(number),
                    None => return self.no_json(field, span, "JSON has no such number"),
                }
            }
            DeValue::Array(array) => {
                let mut list = Vec::with_capacity(array.len());
                for item in array {
                    list.extend(self.json(field, item.get_ref(), &item.span()));
                }
                Value::Array(list)
            }
            DeValue::Table(table) => {
                let mut map = serde_json::Map::new();
                for (key, item) in table {
                    if let Some(item) = self.json(field, item.get_ref(), &item.span()) {
                        map.insert(key.get_ref().to_string(), item);
                    }
                }
                Value::Object(map)
            }
        })
    }

    fn no_json(
        &mut self,
        field: &Field<'_>,
        span: &Span,
        label: &str,
    ) -> Option<serde_json::Value> {
        let problem = Problem::at(
            "bad-value",
            span.clone(),
            format!("{} cannot be given on as JSON", field.path),
        )
        .label(label);
        self.add(problem);
        None
    }
}

/// Whether a path leaves the pipeline's folder, by its text: links are their owner's choice.
fn leads_out(root: &FilePath, path: &str) -> bool {
    let path = FilePath::new(path);
    let path = match path.strip_prefix(root) {
        Ok(below) => below,
        Err(_) => path,
    };
    if path.is_absolute() {
        return true;
    }
    let mut depth = 0_usize;
    for part in path.components() {
        match part {
            std::path::Component::Normal(_) => depth += 1,
            std::path::Component::ParentDir if depth == 0 => return true,
            std::path::Component::ParentDir => depth -= 1,
            _ => {}
        }
    }
    false
}

/// Says so when a judge's file is not there.
pub(super) fn check_file(cx: &mut Cx<'_>, judge: &Declared, exists: &dyn Fn(&FilePath) -> bool) {
    let (JudgeSource::File(path), Some(span)) = (&judge.spec.source, &judge.path_span) else {
        return;
    };
    if judge.broken || exists(path) {
        return;
    }
    let problem = Problem::at(
        "missing-judge",
        span.clone(),
        format!("judge {} has no file there", quoted(&judge.name)),
    )
    .label("no such file")
    .help(format!("looked for {}", quoted_path(path)));
    cx.add(problem);
}

fn quoted_path(path: &FilePath) -> String {
    crate::config::suggest::clean(&path.to_string_lossy(), 200)
}
