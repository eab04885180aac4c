//! The run's summary as JSON, to a file or to standard output.

use std::io;

use super::out::{Out, unfinished};
use super::{Need, Report, ReportError};
use crate::event::{Event, EventKind};
use crate::model::RunSummary;

/// Writes the run's summary: the same object as `summary.json`.
pub struct Json {
    out: Out,
    summary: Option<Box<RunSummary>>,
}

impl Json {
    /// Makes a report that is written when the run has finished.
    pub fn new(out: Out) -> Self {
        Self { out, summary: None }
    }
}

/// Returns a summary as indented JSON with a line end.
pub fn render(summary: &RunSummary) -> io::Result<String> {
    let mut text = serde_json::to_string_pretty(summary)?;
    text.push('\n');
    Ok(text)
}

impl Report for Json {
    fn need(&self) -> Need {
        Need::Summary
    }

    fn on_event(&mut self, event: &Event) -> Result<(), ReportError> {
        if let EventKind::RunFinished { summary } = &event.kind {
            self.summary = Some(summary.clone());
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), ReportError> {
        let summary = self.summary.as_ref().ok_or_else(unfinished);
        summary
            .and_then(|summary| render(summary))
            .and_then(|text| self.out.write(text.as_bytes()))
            .map_err(|source| self.out.error("JSON", source))
    }
}

#[cfg(test)]
mod tests {
    use super::super::recorded;
    use super::*;

    #[test]
    fn the_summary_is_written_as_it_is() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("out/summary.json");
        let mut report = Json::new(Out::File(path.clone()));
        recorded::play(&mut report);
        let text = std::fs::read_to_string(&path).expect("a file");
        let read: RunSummary = serde_json::from_str(&text).expect("JSON");
        assert_eq!(read, recorded::summary());
        insta::assert_snapshot!(text);
    }

    #[test]
    fn errors_name_the_file() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("taken");
        std::fs::create_dir(&path).expect("a folder in the way");
        let mut report = Json::new(Out::File(path.clone()));
        for event in recorded::events() {
            report.on_event(&event).expect("takes in events");
        }
        let error = report
            .finish()
            .expect_err("cannot replace a folder")
            .to_string();
        assert!(error.contains(&path.display().to_string()), "{error}");
        let error = Json::new(Out::Writer(Box::new(io::sink())))
            .finish()
            .expect_err("no summary");
        assert!(error.to_string().contains("without a summary"), "{error}");
    }
}
