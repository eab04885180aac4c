//! Globs as the runner's `artifacts` have them: `*` and `?` stop at `/`, `**` does not, `[…]`, `{…,…}`, `\`.

/// Alternatives that braces may make of one glob.
const ALTERNATIVES: usize = 1000;

/// A glob.
#[derive(Clone, Debug)]
pub(super) struct Glob(Vec<Vec<Token>>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Literal(char),
    /// `?`
    One,
    /// `*`
    Many,
    /// `[…]`: whether what is listed is excluded, and ranges.
    Class(bool, Vec<(char, char)>),
    /// `**/` at the beginning.
    Above,
    /// `/**/`
    Between,
    /// `/**` at the end.
    Below,
    /// `**` alone.
    All,
}

impl Glob {
    /// Reads one. The error says what is wrong with it.
    pub(super) fn new(text: &str) -> Result<Self, &'static str> {
        let text: Vec<char> = text.chars().collect();
        let mut alternatives = Vec::new();
        expand(&text, &mut alternatives)?;
        let parsed: Result<_, _> = alternatives.iter().map(|one| parse(one)).collect();
        Ok(Self(parsed?))
    }

    /// Whether a relative path fits.
    pub(super) fn fits(&self, path: &str) -> bool {
        let path: Vec<char> = path.chars().collect();
        self.0.iter().any(|tokens| fits(tokens, &path))
    }
}

/// Replaces the first braces by each of their alternatives, again and again.
fn expand(text: &[char], done: &mut Vec<Vec<char>>) -> Result<(), &'static str> {
    let Some((open, close, commas)) = braces(text)? else {
        done.push(text.to_vec());
        if done.len() > ALTERNATIVES {
            return Err("it has too many alternatives in braces");
        }
        return Ok(());
    };
    let mut from = open + 1;
    let mut all = Vec::new();
    for to in commas.into_iter().chain([close]) {
        all.push(&text[from..to]);
        from = to + 1;
    }
    // An empty alternative does not count, unless there is no other.
    if all.iter().any(|one| !one.is_empty()) {
        all.retain(|one| !one.is_empty());
    } else {
        all.truncate(1);
    }
    for one in all {
        expand(&[&text[..open], one, &text[close + 1..]].concat(), done)?;
    }
    Ok(())
}

/// Where the first braces open and close, and their commas.
#[expect(clippy::type_complexity, reason = "used once")]
fn braces(text: &[char]) -> Result<Option<(usize, usize, Vec<usize>)>, &'static str> {
    let mut open = None;
    let mut depth = 0;
    let mut commas = Vec::new();
    let mut at = 0;
    while let Some(&c) = text.get(at) {
        match c {
            '\\' => at += 1,
            '[' => at = class_end(text, at)?,
            '{' => {
                open.get_or_insert(at);
                depth += 1;
            }
            ',' if depth == 1 => commas.push(at),
            '}' if depth == 0 => return Err("a `}` has no `{` before it"),
            '}' => {
                depth -= 1;
                if let (0, Some(open)) = (depth, open) {
                    return Ok(Some((open, at, commas)));
                }
            }
            _ => {}
        }
        at += 1;
    }
    match open {
        Some(_) => Err("a `{` has no `}` behind it"),
        None => Ok(None),
    }
}

/// Where the class that begins at `open` ends.
fn class_end(text: &[char], open: usize) -> Result<usize, &'static str> {
    let mut at = open + 1;
    if matches!(text.get(at), Some('!' | '^')) {
        at += 1;
    }
    // A `]` that comes first is meant.
    at += 1;
    while let Some(&c) = text.get(at) {
        if c == ']' {
            return Ok(at);
        }
        at += 1;
    }
    Err("a `[` has no `]` behind it")
}

fn parse(text: &[char]) -> Result<Vec<Token>, &'static str> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&c) = text.get(at) {
        let rest = &text[at..];
        let first = at == 0;
        if first && rest == ['*', '*'] {
            return Ok(vec![Token::All]);
        }
        if first && rest.starts_with(&['*', '*', '/']) {
            tokens.push(Token::Above);
            at += 3;
            // More of them add nothing.
            while text[at..].starts_with(&['*', '*', '/']) {
                at += 3;
            }
            if matches!(text[at..], [] | ['*', '*']) {
                return Ok(vec![Token::All]);
            }
            continue;
        }
        if rest == ['/', '*', '*'] {
            tokens.push(Token::Below);
            break;
        }
        if rest.starts_with(&['/', '*', '*', '/']) {
            tokens.push(Token::Between);
            at += 4;
            while text[at..].starts_with(&['*', '*', '/']) {
                at += 3;
            }
            if text[at..] == ['*', '*'] {
                tokens.pop();
                tokens.push(Token::Below);
                at += 2;
            }
            continue;
        }
        match c {
            '?' => tokens.push(Token::One),
            '*' if tokens.last() == Some(&Token::Many) => {}
            '*' => tokens.push(Token::Many),
            '\\' => {
                at += 1;
                let escaped = text.get(at).ok_or("it ends with a `\\`")?;
                tokens.push(Token::Literal(*escaped));
            }
            '[' => {
                let end = class_end(text, at)?;
                tokens.push(class(&text[at + 1..end])?);
                at = end;
            }
            _ => tokens.push(Token::Literal(c)),
        }
        at += 1;
    }
    Ok(tokens)
}

fn class(text: &[char]) -> Result<Token, &'static str> {
    let (excluded, mut rest) = match text {
        ['!' | '^', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let mut ranges = Vec::new();
    loop {
        rest = match rest {
            [] => return Ok(Token::Class(excluded, ranges)),
            [from, '-', to, rest @ ..] => {
                if from > to {
                    return Err("a range in `[…]` ends before it begins");
                }
                ranges.push((*from, *to));
                rest
            }
            [one, rest @ ..] => {
                ranges.push((*one, *one));
                rest
            }
        };
    }
}

/// Keeps, token by token, at which places of the path the rest may begin.
fn fits(tokens: &[Token], path: &[char]) -> bool {
    let mut here = vec![false; path.len() + 1];
    here[0] = true;
    for token in tokens {
        let mut next = vec![false; path.len() + 1];
        // Whether a token that takes many characters has begun somewhere before.
        let mut running = false;
        for at in 0..=path.len() {
            let c = path.get(at).copied();
            let slash = c == Some('/');
            match token {
                Token::Literal(wanted) => advance(&mut next, at, here[at] && c == Some(*wanted)),
                Token::One => advance(&mut next, at, here[at] && c.is_some() && !slash),
                Token::Class(excluded, ranges) => {
                    let listed = |c| ranges.iter().any(|(from, to)| (from..=to).contains(&&c));
                    let fits = c.is_some_and(|c| listed(c) != *excluded);
                    advance(&mut next, at, here[at] && fits);
                }
                Token::Many => {
                    running |= here[at];
                    next[at] |= running;
                    running &= !slash;
                }
                Token::Above => {
                    running |= here[at];
                    next[at] |= here[at];
                    advance(&mut next, at, running && slash);
                }
                Token::Between => {
                    running |= here[at] && slash;
                    advance(&mut next, at, running && slash);
                }
                Token::Below => {
                    next[at] |= running;
                    running |= here[at] && slash;
                }
                Token::All => {
                    running |= here[at];
                    next[at] |= running;
                }
            }
        }
        here = next;
    }
    here.last().is_some_and(|end| *end)
}

fn advance(next: &mut [bool], at: usize, fits: bool) {
    if fits && let Some(place) = next.get_mut(at + 1) {
        *place = true;
    }
}

#[cfg(test)]
mod tests {
    use globset::GlobBuilder;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn means_what_the_runner_means(
            // Stars that touch a brace differ in corners: there, ours are one star and theirs two.
            glob in r"[ab?/\\\[\]{},.!-]{0,9}|[ab*?/\\\[\].!-]{0,9}|(\*\*/)?[ab*?/]{0,6}(/\*\*)?|[ab]\*\.\{[ab]{1,2},[ab]\}", path in r"[ab.]{0,3}(/[ab]{1,3}){0,3}",
        ) {
            let theirs = GlobBuilder::new(&glob).literal_separator(true).build();
            let ours = Glob::new(&glob);
            if let (Ok(theirs), Ok(ours)) = (theirs, ours) {
                let theirs = theirs.compile_matcher();
                prop_assert_eq!(ours.fits(&path), theirs.is_match(&path), "{} {}", glob, path);
            }
        }
    }

    #[test]
    fn the_usual_ones() {
        let fits = |glob: &str, path: &str| Glob::new(glob).is_ok_and(|glob| glob.fits(path));
        assert!(fits("reports/*.xml", "reports/a.xml"));
        assert!(!fits("reports/*.xml", "reports/deep/a.xml"));
        assert!(fits("**/*.xml", "a.xml"));
        assert!(fits("**/*.xml", "x/y/a.xml"));
        assert!(fits("out/**", "out/x/y"));
        assert!(fits("a/**/b", "a/b") && fits("a/**/b", "a/x/y/b"));
        assert!(fits("{a,b/{c,d}}.txt", "b/d.txt"));
        assert!(fits("[!a-c]?.log", "xy.log"));
        assert!(Glob::new("{a").is_err() && Glob::new("[a").is_err() && Glob::new("a\\").is_err());
    }
}
