//! `${matrix.NAME}` and `${shard.…}` in text.
//!
//! In a shell script only these two families are ours: everything else with a `$` is the shell's.
//! Elsewhere every `${` is ours, and `$${` stands for a literal one.

use std::borrow::Cow;

/// A part of a text with variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'t> {
    /// As it is.
    Text(&'t str),
    /// `${name}`; the name.
    Var(&'t str),
    /// `$${` that stands for `${`, or in a script for the variable's own text.
    Literal(&'t str),
    /// `${` without an end: the rest of the text.
    Unclosed(&'t str),
}

/// Whose `$` it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Syntax {
    /// All ours.
    Plain,
    /// The shell's, but for `${matrix.…}` and `${shard.…}`.
    Shell,
}

/// Cuts a text into its parts.
pub(crate) fn pieces(text: &str, syntax: Syntax) -> Pieces<'_> {
    Pieces { rest: text, syntax }
}

/// See [`pieces`].
pub(crate) struct Pieces<'t> {
    rest: &'t str,
    syntax: Syntax,
}

impl<'t> Iterator for Pieces<'t> {
    type Item = Piece<'t>;

    fn next(&mut self) -> Option<Piece<'t>> {
        if self.rest.is_empty() {
            return None;
        }
        let mut from = 0;
        loop {
            let Some(found) = self.rest.get(from..).and_then(|rest| rest.find("${")) else {
                return Some(Piece::Text(std::mem::take(&mut self.rest)));
            };
            let at = from + found;
            let (before, opened) = self.rest.split_at(at);
            let escaped = before.ends_with('$');
            let name = opened.find('}').and_then(|end| opened.get(2..end));
            if self.syntax == Syntax::Shell && !name.is_some_and(is_ours) {
                from = at + 2;
                continue;
            }
            let start = if escaped { at - 1 } else { at };
            if start > 0 {
                let (text, rest) = self.rest.split_at(start);
                self.rest = rest;
                return Some(Piece::Text(text));
            }
            if escaped {
                let (literal, rest) = opened.split_at(2);
                self.rest = rest;
                return Some(Piece::Literal(literal));
            }
            let Some(name) = name else {
                return Some(Piece::Unclosed(std::mem::take(&mut self.rest)));
            };
            self.rest = opened.get(name.len() + 3..).unwrap_or("");
            return Some(Piece::Var(name));
        }
    }
}

fn is_ours(name: &str) -> bool {
    name.starts_with("matrix.") || name.starts_with("shard.")
}

/// Replaces every variable that `lookup` knows.
pub(crate) fn expand<'v>(
    text: &str,
    syntax: Syntax,
    lookup: impl Fn(&str) -> Option<Cow<'v, str>>,
) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in pieces(text, syntax) {
        match piece {
            Piece::Text(text) | Piece::Literal(text) | Piece::Unclosed(text) => out.push_str(text),
            Piece::Var(name) => {
                if let Some(value) = lookup(name) {
                    out.push_str(&value);
                } else {
                    out.push_str("${");
                    out.push_str(name);
                    out.push('}');
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn known(name: &str) -> Option<Cow<'static, str>> {
        (name == "matrix.x").then_some(Cow::Borrowed("1"))
    }

    #[test]
    fn plain_text_owns_every_brace() {
        let cases = [
            ("", ""),
            ("a", "a"),
            ("${matrix.x}", "1"),
            ("a${matrix.x}b${matrix.x}", "a1b1"),
            ("$${matrix.x}", "${matrix.x}"),
            ("a$${b", "a${b"),
            ("$a $$ {b}", "$a $$ {b}"),
            ("${other}", "${other}"),
        ];
        for (text, expected) in cases {
            assert_eq!(expand(text, Syntax::Plain, known), expected, "{text}");
        }
    }

    #[test]
    fn a_script_keeps_what_is_the_shells() {
        let cases = [
            (
                "echo ${HOME} ${x:-${y}} $$ ${matrix.x}",
                "echo ${HOME} ${x:-${y}} $$ 1",
            ),
            ("echo $${HOME}", "echo $${HOME}"),
            ("echo '$${matrix.x}'", "echo '${matrix.x}'"),
            ("echo ${", "echo ${"),
            ("${a} ${matrix.x}", "${a} 1"),
        ];
        for (text, expected) in cases {
            assert_eq!(expand(text, Syntax::Shell, known), expected, "{text}");
        }
    }

    #[test]
    fn an_open_end_is_told() {
        let parts: Vec<_> = pieces("a ${matrix.x", Syntax::Plain).collect();
        assert_eq!(parts, [Piece::Text("a "), Piece::Unclosed("${matrix.x")]);
    }

    proptest! {
        #[test]
        fn text_without_known_names_stays_as_it_is(text in "[a-z${} .]{0,30}") {
            prop_assume!(!text.contains("$${"));
            prop_assert_eq!(expand(&text, Syntax::Plain, |_| None), text.clone());
            prop_assert_eq!(expand(&text, Syntax::Shell, |_| None), text);
        }
    }
}
