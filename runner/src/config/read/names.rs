//! How Kubernetes wants names and values to be, as far as a file can be checked without a cluster.
//!
//! <https://kubernetes.io/docs/concepts/overview/working-with-objects/names/> and
//! <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/>.

use crate::config::suggest::quoted;

/// What a text has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// An RFC 1123 label: a namespace.
    Label,
    /// An RFC 1123 subdomain: most objects.
    Subdomain,
    /// `name` or `prefix.example/name`.
    QualifiedName,
    /// A label's value.
    LabelValue,
    /// A path in a container.
    AbsolutePath,
    /// `registry/name:tag@digest`; only what can never be one is refused.
    Image,
    /// A number with a suffix of Kubernetes.
    Quantity,
    /// Any text.
    Any,
}

impl Rule {
    /// The rule's name, with its article.
    pub(super) fn what(self) -> &'static str {
        match self {
            Self::Label => "a name of Kubernetes (RFC 1123 label)",
            Self::Subdomain => "a name of Kubernetes (RFC 1123 subdomain)",
            Self::QualifiedName => "a qualified name",
            Self::LabelValue => "a label's value",
            Self::AbsolutePath => "an absolute path",
            Self::Image => "an image",
            Self::Quantity => "a quantity",
            Self::Any => "a text",
        }
    }
}

/// What breaks the rule, in a few words; none when nothing does.
pub(super) fn broken(rule: Rule, text: &str) -> Option<String> {
    match rule {
        Rule::Label => label(text, 63),
        Rule::Subdomain => subdomain(text),
        Rule::QualifiedName => qualified(text),
        Rule::LabelValue => (!text.is_empty()).then(|| part(text)).flatten(),
        Rule::AbsolutePath => (!text.starts_with('/')).then(|| "it has to begin with /".to_owned()),
        Rule::Image => text
            .chars()
            .find(|c| c.is_whitespace() || c.is_control())
            .map(|c| format!("{} cannot be in it", quoted(&c.to_string()))),
        Rule::Quantity => (!is_quantity(text))
            .then(|| "write it like \"2\", \"500m\", \"1.5Gi\" or \"200M\"".to_owned()),
        Rule::Any => None,
    }
}

fn label(text: &str, most: usize) -> Option<String> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if let Some(c) = text.chars().find(|&c| !good(c)) {
        let c = quoted(&c.to_string());
        return Some(format!("{c} cannot be in it: a-z 0-9 -"));
    }
    if text.starts_with('-') || text.ends_with('-') || text.is_empty() {
        return Some("it has to begin and end with a letter or a digit".to_owned());
    }
    (text.len() > most).then(|| format!("it is longer than {most} characters"))
}

fn subdomain(text: &str) -> Option<String> {
    if text.len() > 253 {
        return Some("it is longer than 253 characters".to_owned());
    }
    text.split('.').find_map(|part| label(part, 253))
}

fn qualified(text: &str) -> Option<String> {
    let Some((prefix, name)) = text.split_once('/') else {
        return part(text);
    };
    subdomain(prefix).or_else(|| part(name))
}

/// A name behind the prefix, or a label's value.
fn part(text: &str) -> Option<String> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if let Some(c) = text.chars().find(|&c| !good(c)) {
        let c = quoted(&c.to_string());
        return Some(format!("{c} cannot be in it: A-Z a-z 0-9 . _ -"));
    }
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    if !edge(text.chars().next()) || !edge(text.chars().next_back()) {
        return Some("it has to begin and end with a letter or a digit".to_owned());
    }
    (text.len() > 63).then(|| "it is longer than 63 characters".to_owned())
}

/// What may stand behind a quantity's number, exponents aside.
const SUFFIXES: [&str; 16] = [
    "", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "n", "u", "m", "k", "M", "G", "T", "P", "E",
];

/// <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>, without a sign.
fn is_quantity(text: &str) -> bool {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let digits = number.chars().any(|c| c.is_ascii_digit());
    if !digits || number.matches('.').count() > 1 {
        return false;
    }
    SUFFIXES.contains(&suffix)
        || suffix.strip_prefix(['e', 'E']).is_some_and(|exponent| {
            let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            !exponent.is_empty() && exponent.chars().all(|c| c.is_ascii_digit())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good(rule: Rule, texts: &[&str]) {
        for text in texts {
            assert_eq!(broken(rule, text), None, "{text}");
        }
    }

    fn bad(rule: Rule, texts: &[&str]) {
        for text in texts {
            assert!(broken(rule, text).is_some(), "{text}");
        }
    }

    #[test]
    fn quantities() {
        good(
            Rule::Quantity,
            &[
                "2", "0.5", ".5", "5.", "500m", "1Gi", "1.5Gi", "200M", "1e3", "1E-3", "4E",
            ],
        );
        bad(
            Rule::Quantity,
            &[
                "", ".", "1.2.3", "1 Gi", "1GB", "1gi", "-1", "e3", "1e", "1ee3", "ten", "1K",
            ],
        );
    }

    #[test]
    fn names() {
        good(Rule::Label, &["ci", "a-1"]);
        bad(
            Rule::Label,
            &["", "CI", "a.b", "-a", "a-", "a_b", &"a".repeat(64)],
        );
        good(Rule::Subdomain, &["default", "a.b-c.d", &"a".repeat(253)]);
        bad(Rule::Subdomain, &["a..b", ".a", "A", &"a".repeat(254)]);
        good(Rule::QualifiedName, &["team", "example.com/Team_1", "a.b"]);
        bad(
            Rule::QualifiedName,
            &["", "/a", "a/", "a/b/c", "-a", "a b", "ex_ample/a"],
        );
        good(Rule::LabelValue, &["", "3.13", "A_b"]);
        bad(Rule::LabelValue, &["a b", "-", "a:", "ä", &"a".repeat(64)]);
    }

    #[test]
    fn images_and_paths() {
        good(Rule::Image, &["python:3.13", "r:5000/a/b@sha256:00"]);
        bad(Rule::Image, &["a b", "a\tb"]);
        good(Rule::AbsolutePath, &["/", "/srv"]);
        bad(Rule::AbsolutePath, &["srv", "./a"]);
    }
}
