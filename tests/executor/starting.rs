//! A program that cannot be started says why; one that can gets what it needs.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use tribunal::model::{Completeness, EndState};
use tribunal::plan::Shard;

use crate::rig::Rig;

fn file(rig: &Rig, name: &str, content: &str, mode: u32) {
    let path = rig.cwd().join(name);
    fs::write(&path, content).expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("its mode");
}

/// Why it did not start, with the working directory's path replaced.
async fn failure(rig: Rig) -> String {
    let cwd = rig.cwd().display().to_string();
    let outcome = rig.run().await;
    assert_eq!(outcome.capture.completeness, Completeness::Unavailable);
    let EndState::StartFailed { transient, .. } = outcome.end() else {
        panic!("it was started: {:?}", outcome.end());
    };
    assert!(!transient);
    outcome.start_failure().replace(&cwd, "/cwd")
}

#[tokio::test]
async fn not_in_path() {
    let rig = Rig::argv(&["no-such-tool"]).with(|suite| {
        suite
            .env
            .insert("PATH".to_owned(), "/usr/bin:bin:".to_owned());
    });
    insta::assert_snapshot!(failure(rig).await, @"`no-such-tool` was not found in PATH (looked in /usr/bin, bin, .): install it, or give its path");
}

#[tokio::test]
async fn no_such_file() {
    insta::assert_snapshot!(failure(Rig::argv(&["./run.sh"])).await, @"`./run.sh` does not exist (looked for `/cwd/run.sh`): build it, or correct its path");
}

#[tokio::test]
async fn no_such_directory_comes_first() {
    let rig = Rig::argv(&["no-such-tool"]).with(|suite| suite.cwd.push("gone"));
    insta::assert_snapshot!(failure(rig).await, @"its working directory `/cwd/gone` does not exist: create it, or correct `cwd`");
    let rig = Rig::argv(&["true"]).with(|suite| suite.cwd.push("gone"));
    insta::assert_snapshot!(failure(rig).await, @"its working directory `/cwd/gone` does not exist: create it, or correct `cwd`");
    let rig = Rig::argv(&["true"]);
    file(&rig, "plain", "", 0o644);
    insta::assert_snapshot!(failure(rig.with(|suite| suite.cwd.push("plain"))).await, @"its working directory `/cwd/plain` is not a directory: correct `cwd`");
}

#[tokio::test]
async fn not_executable() {
    let rig = Rig::argv(&["./run.sh"]);
    file(&rig, "run.sh", "#!/bin/sh\n", 0o644);
    insta::assert_snapshot!(failure(rig).await, @"`/cwd/run.sh` is not executable: run `chmod +x /cwd/run.sh`");
    let rig = Rig::argv(&["tool"]).with(|suite| {
        suite.env.insert("PATH".to_owned(), ".".to_owned());
    });
    file(&rig, "tool", "#!/bin/sh\n", 0o644);
    insta::assert_snapshot!(failure(rig).await, @"`/cwd/tool` is not executable: run `chmod +x /cwd/tool`");
}

#[tokio::test]
async fn a_directory() {
    insta::assert_snapshot!(failure(Rig::argv(&["./"])).await, @"`/cwd` is a directory, not a program: name a file in it");
}

#[tokio::test]
async fn a_bad_interpreter() {
    let rig = Rig::argv(&["./run.sh"]);
    file(&rig, "run.sh", "#! /no/such/shell -e\n", 0o755);
    insta::assert_snapshot!(failure(rig).await, @"`/cwd/run.sh` asks for the interpreter `/no/such/shell`, which does not exist: install it, or correct the `#!` line");
    let rig = Rig::argv(&["./run.sh"]);
    file(&rig, "run.sh", "#!/bin/sh\r\necho\r\n", 0o755);
    insta::assert_snapshot!(failure(rig).await, @"`/cwd/run.sh` asks for the interpreter `/bin/sh` with a Windows line end behind it: convert the file to Unix line ends");
}

#[tokio::test]
async fn no_program_at_all() {
    let rig = Rig::argv(&["./notes.txt"]);
    file(&rig, "notes.txt", "hello\n", 0o755);
    insta::assert_snapshot!(failure(rig).await, @"`/cwd/notes.txt` is no program for this machine and has no `#!` line: add one, or run it with `sh`");
}

#[tokio::test]
async fn too_many_arguments() {
    let long = "x".repeat(3 << 20);
    insta::assert_snapshot!(failure(Rig::argv(&["echo", &long])).await, @"its arguments and environment are larger than the system allows: pass them in a file");
}

#[tokio::test]
async fn a_nul_in_an_argument() {
    insta::assert_snapshot!(failure(Rig::argv(&["echo", "a\0b"])).await, @"its command or environment cannot be passed on (nul byte found in provided data): remove the NUL character");
}

#[tokio::test]
async fn a_file_that_is_still_being_written_is_waited_for() {
    let busy = || {
        let rig = Rig::argv(&["./tool"]);
        let path = rig.cwd().join("tool");
        fs::copy("/bin/true", &path).expect("a program");
        let writer = fs::OpenOptions::new().append(true).open(path);
        (rig, writer.expect("a writer"))
    };
    let (rig, writer) = busy();
    let outcome = rig
        .run_while(async |_control| {
            tokio::time::sleep(Duration::from_millis(150)).await;
            drop(writer);
        })
        .await;
    assert_eq!(outcome.end(), &EndState::Exited { code: 0 });

    let (rig, writer) = busy();
    let outcome = rig.run().await;
    drop(writer);
    let EndState::StartFailed { reason, transient } = outcome.end() else {
        panic!("it was started: {:?}", outcome.end());
    };
    assert!(transient);
    insta::assert_snapshot!(reason, @"its file is still being written by another process: let that end first");
}

#[tokio::test]
async fn the_suites_own_path_is_searched() {
    let rig = Rig::argv(&["tool"]).with(|suite| {
        suite
            .env
            .insert("PATH".to_owned(), "bin:/usr/bin:/bin".to_owned());
    });
    fs::create_dir(rig.cwd().join("bin")).expect("a folder");
    file(&rig, "bin/tool", "#!/bin/sh\necho mine\n", 0o755);
    assert_eq!(rig.run().await.text(), "mine\n");
}

#[tokio::test]
async fn the_environment_names_the_attempt() {
    let text = "echo $TRIBUNAL $TRIBUNAL_RUN_ID $TRIBUNAL_SUITE $TRIBUNAL_ATTEMPT $LEVEL; \
                echo ${TRIBUNAL_SHARD_INDEX-none}";
    let rig = Rig::script(text).with(|suite| {
        suite.env.insert("LEVEL".to_owned(), "debug".to_owned());
    });
    let run = rig.run.clone();
    assert_eq!(
        rig.run().await.text(),
        format!("1 {run} unit 1 debug\nnone\n")
    );

    let rig = Rig::script("echo $TRIBUNAL_SHARD_INDEX of $TRIBUNAL_SHARD_TOTAL");
    let rig = rig.with(|suite| suite.shard = Some(Shard { index: 2, total: 4 }));
    assert_eq!(rig.run().await.text(), "2 of 4\n");
}

#[tokio::test]
async fn it_starts_in_its_directory_and_keeps_its_name() {
    let rig = Rig::argv(&["sh", "-c", "pwd -P; echo $0"]);
    let cwd = fs::canonicalize(rig.cwd()).expect("the directory");
    assert_eq!(rig.run().await.text(), format!("{}\nsh\n", cwd.display()));
    let rig = Rig::argv(&["./where.sh"]);
    file(&rig, "where.sh", "#!/bin/sh\necho $0\n", 0o755);
    assert_eq!(rig.run().await.text(), "./where.sh\n");
}

#[tokio::test]
async fn it_inherits_no_descriptor_of_ours() {
    // What this process itself was given is passed on: a jobserver, say. What it has opened is not, and
    // the tests beside this one have much open.
    let listing = std::process::Command::new("ls")
        .arg("/proc/self/fd")
        .output();
    let given = String::from_utf8(listing.expect("ls runs").stdout).expect("text");
    let outcome = Rig::argv(&["ls", "/proc/self/fd"]).run().await;
    assert_eq!(outcome.text(), given);
}
