//! The run as one page for a browser: no network, no other file, readable without scripts and styles.
//!
//! `page.css` and `page.js` are plain files, embedded as they are; the page's policy names their digests and
//! allows nothing else. Data are blocks of base64 and gzip that the script reads; what a suite printed reaches the
//! document only as text. The same run makes the same bytes. See `logs` for what is left out when the budget
//! is spent.

mod cases;
mod index;
mod logs;
mod page;
mod past;

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::collected::Collected;
use super::out::unfinished;
use super::{Report, ReportError, file};
use crate::event::{Event, EventKind};
use crate::model::RunSummary;
use cases::Cases;

const CSS: &str = include_str!("page.css");
const JS: &str = include_str!("page.js");

/// Bytes of a page, unless said otherwise.
pub const LIMIT: u64 = 16 << 20;

/// Which outputs are put into the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Logs {
    /// None: all are linked.
    None,
    /// Those of suites that did not pass, and of flaky ones.
    #[default]
    Problems,
    /// All, as far as the budget reaches.
    All,
}

/// Writes a run as one HTML page.
pub struct Html {
    path: PathBuf,
    run_dir: Option<PathBuf>,
    limit: u64,
    logs: Logs,
    run: Collected,
    cases: Cases,
}

impl Html {
    /// Makes a report that writes `path` when the run has finished; its folder is made.
    ///
    /// Outputs are read below `run_dir`, by default the directory that the run's first event names.
    pub fn new(path: PathBuf, run_dir: Option<PathBuf>) -> Self {
        Self {
            path,
            run_dir,
            limit: LIMIT,
            logs: Logs::default(),
            run: Collected::default(),
            cases: Cases::default(),
        }
    }

    /// Sets about how many bytes the page may have, and which outputs are in it. Summary and cases are always in.
    #[must_use]
    pub fn budget(mut self, limit: u64, logs: Logs) -> Self {
        self.limit = limit;
        self.logs = logs;
        self
    }

    fn render(&self) -> io::Result<()> {
        let summary = self.run.summary.as_deref().ok_or_else(unfinished)?;
        let beside = file::beside(&self.path)?;
        let written = self
            .write(&beside, summary)
            .and_then(|()| fs::rename(&beside, &self.path));
        if written.is_err() {
            // The first error is the one to tell.
            fs::remove_file(&beside).unwrap_or(());
        }
        written
    }

    fn write(&self, path: &Path, summary: &RunSummary) -> io::Result<()> {
        let run_dir = self.run_dir.as_deref().or(self.run.dir.as_deref());
        let run_dir = run_dir.unwrap_or(Path::new(""));
        let logs = logs::Plan::make(run_dir, &self.run, summary);
        let file = fs::File::create(path)?;
        let mut out = Counted::new(BufWriter::with_capacity(128 << 10, file));
        page::head(&mut out, summary)?;
        page::body(&mut out, summary)?;
        block(&mut out, "id=index", |to| {
            let past = past::of(run_dir);
            let index = index::of(&self.run, summary, &self.cases, &logs, &past);
            serde_json::to_writer(to, &index).map_err(io::Error::from)
        })?;
        let spent = out.bytes + page::tail_size();
        let left = self.limit.saturating_sub(spent);
        let omitted = logs.embed(&mut out, left, self.logs)?;
        page::omitted(&mut out, &omitted, &self.path, run_dir)?;
        page::tail(&mut out)?;
        out.flush()
    }
}

impl Report for Html {
    fn on_event(&mut self, event: &Event) -> Result<(), ReportError> {
        if let EventKind::CaseReported {
            suite,
            attempt,
            case,
        } = &event.kind
        {
            self.cases.add(*suite, *attempt, case);
        } else {
            if let EventKind::AttemptFinished { suite, record, .. } = &event.kind {
                self.cases.attempt(*suite, record.attempt);
            }
            if let EventKind::JudgementRestarted { suite, .. } = &event.kind {
                // No attempt has this number: whatever is reported from here on begins anew.
                self.cases.attempt(*suite, 0);
            }
            self.run.take(event);
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), ReportError> {
        self.render().map_err(|source| ReportError {
            what: format!("the HTML report {}", self.path.display()),
            source,
        })
    }
}

/// Counts what is written.
struct Counted<W> {
    to: W,
    bytes: u64,
}

impl<W> Counted<W> {
    fn new(to: W) -> Self {
        Self { to, bytes: 0 }
    }
}

impl<W: Write> Write for Counted<W> {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is a writer itself: it passes on what the other took"
    )]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.to.write(bytes)?;
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Writes a block of data: JSON or text, compressed, in letters that cannot end the element.
fn block<W: Write>(
    out: &mut W,
    attributes: &str,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    write!(
        out,
        "<script type=\"application/tribunal+gzip\" {attributes}>"
    )?;
    let letters = base64::write::EncoderWriter::new(&mut *out, &STANDARD);
    // The header has no time: the same run makes the same bytes.
    let mut zip = flate2::write::GzEncoder::new(letters, flate2::Compression::new(4));
    write(&mut zip)?;
    zip.finish()?.finish()?;
    out.write_all(b"</script>\n")
}

/// Returns the digest of an inline style or script as a policy names it.
fn digest(text: &str) -> String {
    format!(
        "'sha256-{}'",
        STANDARD.encode(Sha256::digest(text.as_bytes()))
    )
}

#[cfg(test)]
mod tests;
