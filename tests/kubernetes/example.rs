//! The example for Kubernetes runs as it stands, its suites alone and together.

use std::path::Path;
use std::process::Command;

use crate::rig::cluster;
use crate::support::{Project, ran};

#[test]
fn it_runs_alone_and_together() {
    let Some(cluster) = cluster() else { return };
    let project = Project::empty();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/kubernetes/.");
    let copied = Command::new("cp")
        .arg("-R")
        .arg(from)
        .arg(project.path())
        .status();
    assert!(copied.expect("cp").success());
    for suites in [&["unit"][..], &["api"][..], &[][..]] {
        let mut command = cluster.command(&project, &[&["run"], suites].concat());
        let ran = ran(&command.output().expect("the binary starts"));
        assert_eq!(ran.code, Some(0), "{suites:?}\n{}{}", ran.out, ran.err);
        cluster.assert_nothing_left(&project);
    }
}
