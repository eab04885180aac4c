//! Each CI system's log of the recorded run, as snapshots; the limits; what goes elsewhere than the log.

mod hostile;
mod limits;
mod parsers;

use std::path::Path;

use super::super::recorded;
use super::*;
use crate::report::terminal::Facts;

/// A place to write to that can be read again.
#[derive(Clone, Default)]
struct Out(Arc<Mutex<Vec<u8>>>);

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("one thread").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A run as one CI system gets it.
fn log(system: System, events: &[Event], change: impl FnOnce(&mut Settings)) -> Vec<u8> {
    let dir = tempfile::tempdir().expect("a temporary folder");
    recorded::write_outputs(dir.path(), events);
    log_in(dir.path(), system, events, change)
}

/// The same, with the outputs of the run that `dir` has.
fn log_in(
    dir: &Path,
    system: System,
    events: &[Event],
    change: impl FnOnce(&mut Settings),
) -> Vec<u8> {
    let facts = Facts {
        utf8: true,
        ..Facts::default()
    };
    let mut terminal = terminal::Settings::detect(&facts);
    terminal.run_dir = Some(dir.to_owned());
    terminal.clock = Arc::new(std::time::Duration::default);
    let mut settings = Settings {
        unix: Arc::new(|| 1_795_000_000),
        ..Settings::new(system, terminal)
    };
    settings.terminal.replay = true;
    settings.places.root = "/checkout/shop".into();
    settings.places.workspace = Some("/checkout".into());
    change(&mut settings);
    let out = Out::default();
    let mut report = Ci::new(Box::new(out.clone()), settings);
    for event in events {
        report.on_event(event).expect("written");
    }
    report.finish().expect("written");
    let bytes = out.0.lock().expect("one thread");
    bytes.clone()
}

/// Control characters by their names, so that a snapshot shows them.
fn visible(log: Vec<u8>) -> String {
    let text = String::from_utf8(log).expect("UTF-8");
    let text = text.replace('\u{1b}', "<ESC>").replace('\r', "<CR>");
    let folder = regex::Regex::new("/[^ ]*/summary.md").expect("a fixed pattern");
    folder.replace_all(&text, "/RUN/summary.md").into_owned()
}

#[test]
fn every_system_gets_the_recorded_run_as_it_wants_it() {
    for (name, system) in System::ALL {
        let log = log(system, &recorded::events(), |settings| {
            settings.terminal.replay = false;
        });
        insta::assert_snapshot!(name, visible(log));
    }
}

#[test]
fn a_run_of_troubles_is_annotated_on_github() {
    insta::assert_snapshot!(visible(log(System::Github, &recorded::troubles(), |_| {})));
}

#[test]
fn what_is_kept_from_a_person_is_kept_from_a_system() {
    let silent = log(System::Github, &recorded::events(), |settings| {
        settings.terminal.verbosity = Verbosity::Silent;
    });
    assert!(silent.is_empty(), "{:?}", String::from_utf8_lossy(&silent));
    let quiet = log(System::Gitlab, &recorded::events(), |settings| {
        settings.terminal.verbosity = Verbosity::Quiet;
    });
    let quiet = String::from_utf8(quiet).expect("UTF-8");
    assert!(
        !quiet.contains("section_start") && quiet.contains("FAIL  6 suites"),
        "{quiet}"
    );
}

#[test]
fn github_gets_a_summary_and_outputs() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (summary, output) = (dir.path().join("summary"), dir.path().join("output"));
    std::fs::write(&summary, "before\n").expect("written");
    let events = recorded::events();
    log(System::Github, &events, |settings| {
        settings.terminal.replay = false;
        settings.surroundings.summary = Some(summary.clone());
        settings.surroundings.output = Some(output.clone());
    });
    let text = std::fs::read_to_string(&summary).expect("there");
    assert!(text.starts_with("before\n### FAIL "), "{text}");
    insta::assert_snapshot!(std::fs::read_to_string(&output).expect("there"));
}

#[test]
fn a_summary_has_the_room_that_is_left() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = dir.path().join("summary");
    for (there, fits) in [(990 << 10, true), (999 << 10, false)] {
        std::fs::write(&path, vec![b'x'; there]).expect("written");
        let log = log(System::Github, &recorded::events(), |settings| {
            settings.terminal.replay = false;
            settings.surroundings.summary = Some(path.clone());
        });
        let size = usize::try_from(std::fs::metadata(&path).expect("there").len()).expect("small");
        assert_eq!(size > there, fits, "{there}");
        assert!(size < 1 << 20, "{size}");
        let log = String::from_utf8(log).expect("UTF-8");
        assert_eq!(
            log.contains("warning: cannot write the step's summary"),
            !fits,
            "{log}"
        );
    }
}

#[test]
fn azure_gets_the_summary_as_a_file() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let events = recorded::events();
    recorded::write_outputs(dir.path(), &events);
    let log = log_in(dir.path(), System::Azure, &events, |settings| {
        settings.terminal.replay = false;
    });
    let log = String::from_utf8(log).expect("UTF-8");
    let path = dir.path().join("summary.md");
    assert!(
        log.contains(&format!("##vso[task.uploadsummary]{}\n", path.display())),
        "{log}"
    );
    assert!(
        std::fs::read_to_string(path)
            .expect("there")
            .starts_with("### FAIL ")
    );
}
