//! Run directories: made, found, read again, whatever state they are in.

use super::*;

fn intro(id: String) -> RunIntro {
    RunIntro {
        version: DIR_VERSION,
        id,
        pipeline: "p".into(),
        file: "pipeline.toml".into(),
        started_at: String::new(),
        tribunal: "0".into(),
        pid: 1,
        suites: 1,
    }
}

#[test]
fn runs_are_found_by_id_by_beginning_by_path_and_as_latest() {
    let root = tempfile::tempdir().expect("a folder");
    let made: Vec<RunDir> = (0..3)
        .map(|_| RunDir::create(root.path(), intro).expect("made"))
        .collect();
    let last = made.last().expect("three");
    let id = last.intro().expect("readable").id;
    for asked in [id.as_str(), "latest", &last.path().display().to_string()] {
        assert_eq!(
            RunDir::find(root.path(), asked).expect("found").path(),
            last.path()
        );
    }
    assert_eq!(
        fs::read_link(runs_dir(root.path()).join("latest")).expect("a link"),
        Path::new(&id)
    );
    let error = RunDir::find(root.path(), "2")
        .expect_err("three begin so")
        .to_string();
    assert!(error.starts_with("\"2\" could be any of "), "{error}");
    assert!(matches!(
        RunDir::find(root.path(), "x"),
        Err(DirError::NoSuchRun { .. })
    ));
}

#[test]
fn another_version_is_refused_by_name() {
    let root = tempfile::tempdir().expect("a folder");
    let dir = RunDir::create(root.path(), |id| RunIntro {
        version: 9,
        ..intro(id)
    })
    .expect("made");
    let error = RunDir::find(root.path(), "latest")
        .expect_err("version 9")
        .to_string();
    assert!(error.contains("layout version 9"), "{error}");
    drop(dir);
}

#[test]
fn a_torn_last_line_is_left_out_and_a_torn_middle_is_named() {
    let root = tempfile::tempdir().expect("a folder");
    let dir = RunDir::create(root.path(), intro).expect("made");
    let line = r#"{"at_ms":1,"totals":{"selected":0,"running":0,"done":0,"passed":0,"failed":0,"undecided":0,"flaky":0,"not_run":0},"event":"warning","message":"m"}"#;
    let journal = dir.path().join(JOURNAL);
    fs::write(&journal, format!("{line}\n{{\"at_m")).expect("written");
    assert_eq!(dir.events().expect("readable").len(), 1);
    fs::write(&journal, format!("{{\"at_m\n{line}\n")).expect("written");
    assert!(matches!(
        dir.events(),
        Err(DirError::Damaged { line: 1, .. })
    ));
}
