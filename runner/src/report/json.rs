//! The run's summary as JSON, to a file or to standard output.

use std::io::{self, Write};
use std::path::PathBuf;

use super::{Report, ReportError, file};
use crate::event::{Event, EventKind};
use crate::model::RunSummary;

/// Writes the run's summary: the same object as `summary.json`.
pub struct Json {
    target: Target,
    summary: Option<Box<RunSummary>>,
}

enum Target {
    File(PathBuf),
    Writer(Box<dyn Write + Send>),
}

impl Json {
    /// Makes a report that writes a file; its folder is made.
    pub fn to_file(path: impl Into<PathBuf>) -> Self {
        Self {
            target: Target::File(path.into()),
            summary: None,
        }
    }

    /// Makes a report that writes to `out` when the run has finished.
    pub fn to_writer(out: Box<dyn Write + Send>) -> Self {
        Self {
            target: Target::Writer(out),
            summary: None,
        }
    }

    fn error(&self, source: io::Error) -> ReportError {
        let what = match &self.target {
            Target::File(path) => format!("the JSON report {}", path.display()),
            Target::Writer(_) => "the JSON report to standard output".to_owned(),
        };
        ReportError { what, source }
    }
}

/// Returns a summary as indented JSON with a line end.
pub fn render(summary: &RunSummary) -> io::Result<String> {
    let mut text = serde_json::to_string_pretty(summary)?;
    text.push('\n');
    Ok(text)
}

impl Report for Json {
    fn on_event(&mut self, event: &Event) -> Result<(), ReportError> {
        if let EventKind::RunFinished { summary } = &event.kind {
            self.summary = Some(summary.clone());
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), ReportError> {
        let missing = || io::Error::other("the run ended without a summary");
        let text = match &self.summary {
            Some(summary) => render(summary),
            None => Err(missing()),
        };
        let result = text.and_then(|text| match &mut self.target {
            Target::File(path) => file::replace(path, text.as_bytes()),
            Target::Writer(out) => out.write_all(text.as_bytes()).and_then(|()| out.flush()),
        });
        result.map_err(|source| self.error(source))
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
        let mut report = Json::to_file(&path);
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
        let mut report = Json::to_file(&path);
        for event in recorded::events() {
            report.on_event(&event).expect("takes in events");
        }
        let error = report
            .finish()
            .expect_err("cannot replace a folder")
            .to_string();
        assert!(error.contains(&path.display().to_string()), "{error}");
        let error = Json::to_writer(Box::new(io::sink()))
            .finish()
            .expect_err("no summary");
        assert!(error.to_string().contains("without a summary"), "{error}");
    }
}
