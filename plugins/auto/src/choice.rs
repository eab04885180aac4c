//! From the signs that were seen to the one format, or to none.

use std::collections::BTreeMap;
use std::path::Path;

use tribunal_judge_kit::Line;
use tribunal_judge_kit::lines::UTF16;

use crate::signs::{Kind, sign};

/// What was recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// One format, and by what.
    Sure(Kind, String),
    /// None, or more than one; what to do.
    Unsure(String),
}

/// The signs of all formats in an output.
#[derive(Debug, Default)]
pub struct Signs {
    /// The first sign of each format: line number and text.
    first: BTreeMap<Kind, (u64, String)>,
    /// The first report among the artifacts, by which it is known.
    report: Option<(Kind, String)>,
    /// Whether a stream is UTF-16, so that no line of it could be read.
    pub utf16: bool,
}

impl Signs {
    /// Takes a line.
    pub fn line(&mut self, line: &Line<'_>) {
        if let Some(kind) = sign(line.plain) {
            self.first.entry(kind).or_insert_with(|| {
                let quote = tribunal_judge_kit::text::clip(line.lossy().trim_end(), 80);
                (line.number, quote)
            });
        }
    }

    /// Takes the beginning of an artifact; what the output says of itself goes before.
    pub fn report(&mut self, name: &str, head: &[u8]) {
        let ends = |with: &str| {
            let end = Path::new(name).extension();
            end.is_some_and(|end| end.eq_ignore_ascii_case(with))
        };
        let kind = if ends("xml") {
            Some(Kind::Junit)
        } else if ends("trx") {
            Some(Kind::Trx)
        } else {
            head.split(|byte| *byte == b'\n').find_map(sign)
        };
        if let Some(kind) = kind {
            self.report.get_or_insert_with(|| (kind, name.to_owned()));
        }
    }

    /// Decides.
    pub fn choose(&self) -> Choice {
        let mut seen: Vec<Kind> = self.first.keys().copied().collect();
        // What runs other tools prints their output too: its own word is the one that counts.
        for (outer, inner) in [
            (Kind::Nextest, Kind::Libtest),
            (Kind::Ctest, Kind::Gtest),
            (Kind::Ctest, Kind::Tap),
            (Kind::Ctest, Kind::Pytest),
            (Kind::Ctest, Kind::Junit),
            (Kind::Ctest, Kind::Phpunit),
            (Kind::Ctest, Kind::Rspec),
            // Node's own runner writes TAP, with a footer of its own.
            (Kind::NodeTest, Kind::Tap),
        ] {
            if seen.contains(&outer) {
                seen.retain(|kind| *kind != inner);
            }
        }
        match (seen.as_slice(), &self.report) {
            ([kind], _) => {
                let (line, quote) = &self.first[kind];
                Choice::Sure(*kind, format!("line {line}: {quote}"))
            }
            ([], Some((kind, name))) => Choice::Sure(*kind, format!("the artifact {name}")),
            ([], None) if self.utf16 => Choice::Unsure(UTF16.to_owned()),
            ([], None) => Choice::Unsure(
                "no format was recognised: name the judge in the pipeline (judge = \"…\")"
                    .to_owned(),
            ),
            (many, _) => {
                let names: Vec<_> = many
                    .iter()
                    .map(|kind| format!("{} (line {})", kind.name(), self.first[kind].0))
                    .collect();
                Choice::Unsure(format!(
                    "more than one format was recognised: {}; name the judge in the pipeline",
                    names.join(", ")
                ))
            }
        }
    }
}
