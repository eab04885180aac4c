//! Ctrl-C: what the grace allows is kept, and the cluster is left clean.

use std::process::{Child, Stdio};
use std::time::Duration;

use crate::rig::{Cluster, cluster, output, project};
use crate::support::Project;

fn start(cluster: &Cluster, project: &Project, slug: &str) -> Child {
    let mut child = cluster
        .command(project, &["run"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let log = project.path().join(format!(
        ".tribunal/runs/latest/suites/{slug}/attempt-1/output.log"
    ));
    while std::fs::read(&log).unwrap_or_default().is_empty() {
        assert!(child.try_wait().expect("a child").is_none(), "it ended");
        std::thread::sleep(Duration::from_millis(50));
    }
    child
}

fn interrupt(child: &Child) {
    let pid = i32::try_from(child.id()).expect("a pid");
    let pid = rustix::process::Pid::from_raw(pid).expect("a pid");
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("sent");
}

#[test]
fn the_first_signal_drains_what_the_grace_allows() {
    let Some(cluster) = cluster() else { return };
    let project = project(
        r#"
[suites.unit]
script = "trap 'echo asked; sleep 1; echo last words; exit 0' TERM; echo go; while :; do sleep 0.1; done"
[suites.unit.kubernetes]
"#,
    );
    let mut child = start(&cluster, &project, "unit");
    interrupt(&child);
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert_eq!(output(&project, "unit"), b"go\nasked\nlast words\n");
    cluster.assert_nothing_left(&project);
}

#[test]
fn the_second_kills() {
    let Some(cluster) = cluster() else { return };
    let project = project(
        r#"
[suites.unit]
script = "trap '' TERM; echo go; while :; do sleep 0.1; done"
grace = "15s"
[suites.unit.kubernetes]
"#,
    );
    let mut child = start(&cluster, &project, "unit");
    interrupt(&child);
    std::thread::sleep(Duration::from_millis(1500));
    interrupt(&child);
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    cluster.assert_nothing_left(&project);
}
