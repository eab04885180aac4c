//! Subtests: their points decide nothing, but a point that says `ok` above one that failed is no evidence.

use tribunal_judge_kit::{Fact, Line};

use crate::words::{self, Point};

/// What the indented lines said since the last point.
#[derive(Debug, Default)]
pub(crate) struct Nested {
    /// A failed point, and how far it is indented.
    bad: Option<(usize, Fact)>,
    /// Inside of `ok - name {` with a directive, this far indented: what is deeper is excused.
    excused: Option<usize>,
    /// Inside of `ok - name {` at the top; whether it must be good.
    open: Option<bool>,
}

impl Nested {
    /// An indented line that belongs to no YAML block.
    pub(crate) fn indented(&mut self, line: &Line<'_>) {
        let Some(text) = line.text() else { return };
        let inner = text.trim_start();
        let depth = text.len() - inner.len();
        if self.excused.is_some_and(|excused| depth <= excused) {
            self.excused = None;
        }
        if self.excused.is_some() || !(inner.starts_with("ok") || inner.starts_with("not ok")) {
            return;
        }
        let Some(point) = words::point(inner) else {
            return;
        };
        let deeper = |bad: &(usize, Fact)| bad.0 > depth;
        if point.directive.is_some() {
            if opens(inner) {
                self.excused = Some(depth);
            } else if self.bad.as_ref().is_some_and(deeper) {
                // Its own subtests came before it.
                self.bad = None;
            }
        } else if !point.ok {
            let text = format!("a subtest failed, and the test around it says ok: {inner}");
            self.bad = Some((depth, Fact::at(line, text)));
        }
    }

    /// A point at the top: returns what contradicts it.
    pub(crate) fn point(&mut self, point: &Point<'_>, line: &Line<'_>) -> Option<Fact> {
        let must_be_good = point.ok && point.directive.is_none();
        let bad = self.bad.take();
        self.excused = None;
        self.open = line.text().is_some_and(opens).then_some(must_be_good);
        bad.filter(|_| must_be_good).map(|(_, fact)| fact)
    }

    /// `}` at the top: returns what contradicts the point that it belongs to.
    pub(crate) fn close(&mut self) -> Option<Fact> {
        let must_be_good = self.open.take()?;
        let bad = self.bad.take();
        bad.filter(|_| must_be_good).map(|(_, fact)| fact)
    }
}

/// Whether the subtests of a point stand behind it: `ok 1 - name {`, `ok 1 - name # TODO {`.
fn opens(text: &str) -> bool {
    text.trim_end().ends_with('{')
}
