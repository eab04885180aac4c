//! `tribunal lock` and `run --locked`.

use std::fs;

use crate::rig::{Live, SHORT, WAITING, failing, passing, rename_over, wait_for};
use crate::support::Project;

#[test]
fn only_the_locked_bytes_run() {
    let project = Project::new(SHORT);
    project.write("mine.wasm", passing());
    let ran = project.tribunal(&["run", "--locked"]);
    assert_eq!(ran.code, Some(2), "{}", ran.out);
    assert!(
        ran.err.contains("--locked: it cannot be read"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("`tribunal lock` writes it"), "{}", ran.err);

    assert_eq!(project.tribunal(&["lock"]).code, Some(0));
    assert_eq!(project.tribunal(&["run", "--locked"]).code, Some(0));

    project.write("mine.wasm", failing());
    let ran = project.tribunal(&["run", "--locked"]);
    assert_eq!(ran.code, Some(2), "{}", ran.out);
    assert!(ran.err.contains("judge \"mine\""), "{}", ran.err);
    assert!(ran.err.contains("nothing was run"), "{}", ran.err);

    fs::write(project.path().join("tribunal.lock"), "version = 1\n").expect("written");
    let ran = project.tribunal(&["run", "--locked"]);
    assert_eq!(ran.code, Some(2), "{}", ran.out);
    assert!(
        ran.err.contains("judge \"mine\": it is not in"),
        "{}",
        ran.err
    );
}

#[test]
fn a_locked_run_reloads_nothing() {
    let project = Project::new(WAITING);
    let file = project.write("mine.wasm", passing());
    assert_eq!(project.tribunal(&["lock"]).code, Some(0));
    let live = Live::start(&project, &["run", "--locked"]);
    wait_for(&project.path().join("up"));
    rename_over(&file, &failing());
    // Longer than a reload would take; that none comes can only be waited for.
    std::thread::sleep(std::time::Duration::from_secs(2));
    project.write("go", "");
    let ran = live.end();
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    assert!(!ran.out.contains("RELOAD"), "{}", ran.out);
}
