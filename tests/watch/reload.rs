//! A judge that changes during a run: every way files are written, broken versions, what is live.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::rig::{Live, WAITING, choosy, failing, passing, rename_over, wait_for};
use crate::support::{Project, suite};

fn started(project: &Project) -> Live {
    let live = Live::start(project, &["run", "--report", "junit=out.xml"]);
    wait_for(&project.path().join("up"));
    live
}

/// The run's end: its exit code, its summary, its report.
fn ended(project: &Project, live: Live) -> (Option<i32>, Value, String) {
    project.write("go", "");
    let ran = live.end();
    let text = fs::read(project.latest().join("summary.json"))
        .unwrap_or_else(|error| panic!("{error}: {}", ran.out));
    let summary = serde_json::from_slice(&text).expect("JSON");
    let junit = fs::read_to_string(project.path().join("out.xml")).expect("a report");
    (ran.code, summary, junit)
}

fn digest(project: &Project) -> String {
    let bytes = fs::read(project.path().join("mine.wasm")).expect("a judge");
    let path = project.write("digest-of", bytes);
    let output = std::process::Command::new("sha256sum")
        .arg(path)
        .output()
        .expect("sha256sum");
    let text = String::from_utf8(output.stdout).expect("hex");
    format!("sha256:{}", text.split(' ').next().expect("a digest"))
}

#[test]
fn a_live_suite_is_judged_by_the_new_version_from_its_first_byte() {
    let project = Project::new(WAITING);
    let file = project.write("mine.wasm", failing());
    let mut live = started(&project);
    rename_over(&file, &passing());
    live.until("REJUDGE");
    let (code, summary, junit) = ended(&project, live);
    assert_eq!(code, Some(0), "{summary:#}");
    let a = suite(&summary, "a");
    assert_eq!(a["status"], "passed");
    assert_eq!(a["judge"]["digest"], digest(&project).as_str());
    // The case that the old version called failed is the new one's now, and once.
    assert_eq!(a["failing"], Value::Null);
    assert_eq!(a["counts"]["passed"], 1, "{a:#}");
    assert_eq!(junit.matches("a_case").count(), 1, "{junit}");
    assert!(!junit.contains("<failure"), "{junit}");
}

#[test]
fn every_way_of_writing_a_file_is_noticed() {
    type Way = (&'static str, fn(&Project, &[u8]));
    let ways: [Way; 3] = [
        ("renamed over", |project, bytes| {
            rename_over(&project.path().join("mine.wasm"), bytes);
        }),
        ("truncated and written in two halves", |project, bytes| {
            let path = project.path().join("mine.wasm");
            let (first, second) = bytes.split_at(bytes.len() / 2);
            fs::write(&path, first).expect("written");
            // In between, the half is read and not taken; nothing is said of it for a while.
            std::thread::sleep(std::time::Duration::from_millis(150));
            let mut file = OpenOptions::new().append(true).open(&path).expect("there");
            file.write_all(second).expect("written");
        }),
        ("deleted and created", |project, bytes| {
            let path = project.path().join("mine.wasm");
            fs::remove_file(&path).expect("removed");
            fs::write(&path, bytes).expect("written");
        }),
    ];
    for (way, write) in ways {
        let project = Project::new(WAITING);
        project.write("mine.wasm", failing());
        let mut live = started(&project);
        write(&project, &passing());
        live.until("REJUDGE");
        assert!(!live.seen().contains("WARNING"), "{way}: {}", live.seen());
        let (code, summary, _) = ended(&project, live);
        assert_eq!(code, Some(0), "{way}: {summary:#}");
    }
}

#[test]
fn a_swapped_link_is_a_new_version() {
    let project = Project::new(&WAITING.replace("mine.wasm", "mount/mine.wasm"));
    project.write("mount/..v1/mine.wasm", failing());
    project.write("mount/..v2/mine.wasm", passing());
    let mount = project.path().join("mount");
    symlink("..v1", mount.join("..data")).expect("linked");
    symlink("..data/mine.wasm", mount.join("mine.wasm")).expect("linked");
    let mut live = started(&project);
    symlink("..v2", mount.join("..data_tmp")).expect("linked");
    fs::rename(mount.join("..data_tmp"), mount.join("..data")).expect("swapped");
    live.until("REJUDGE");
    let (code, summary, _) = ended(&project, live);
    assert_eq!(code, Some(0), "{summary:#}");
}

#[test]
fn a_broken_version_is_told_once_and_the_old_one_stays_until_it_is_fixed() {
    let project = Project::new(WAITING);
    let file = project.write("mine.wasm", failing());
    let mut live = started(&project);
    let broken = &passing()[..300];
    fs::write(&file, broken).expect("written");
    let told = live.until("WARNING");
    assert!(told.contains("damaged or cut short"), "{told}");
    assert!(told.contains("stays in force"), "{told}");
    // The same broken bytes again are no news; what follows is.
    rename_over(&file, broken);
    rename_over(&file, &passing());
    live.until("REJUDGE");
    let (code, summary, _) = ended(&project, live);
    assert_eq!(code, Some(0), "{summary:#}");
    let warnings = summary["warnings"].as_array().expect("a list");
    assert_eq!(warnings.len(), 1, "{summary:#}");
}

#[test]
fn a_version_that_does_not_accept_one_users_config_is_taken_by_none() {
    let pipeline = format!(
        "{WAITING}[judges.strict]\npath = 'mine.wasm'\nconfig = {{ minimum = 85 }}\n\
        [suites.b]\nscript = 'echo b'\njudge = 'strict'\n"
    );
    let project = Project::new(&pipeline);
    let file = project.write("mine.wasm", failing());
    let mut live = started(&project);
    rename_over(&file, &choosy());
    let told = live.until("its config is not valid");
    assert!(told.contains("strict"), "{told}");
    let (code, summary, _) = ended(&project, live);
    assert_eq!(code, Some(1), "{summary:#}");
    assert_eq!(suite(&summary, "a")["status"], "failed");
}
