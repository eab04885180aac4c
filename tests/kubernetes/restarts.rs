//! Parts of the cluster are killed while suites run: no verdict changes.
//!
//! Only on the cluster of `tests/cluster`, whose parts are ours to kill.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::rig::{captured, cluster, completeness, output, record};

const SCRIPT: &str = "i=0; while [ $i -lt 60 ]; do i=$((i+1)); echo line $i; sleep 0.2; done";

fn restart(part: &str) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cluster/restart");
    let status = Command::new(script)
        .args([part, "2"])
        .stdout(Stdio::null())
        .status();
    assert!(status.expect("the script").success(), "{part}");
}

#[test]
fn killed_parts_change_no_verdict() {
    survives("stream");
}

#[test]
fn killed_parts_cost_no_byte_under_the_seal() {
    survives("sealed");
}

fn survives(capture: &str) {
    if std::env::var_os("TRIBUNAL_TEST_CLUSTER_IS_OURS").is_none() {
        crate::support::skipped("TRIBUNAL_TEST_CLUSTER_IS_OURS: make test-cluster");
        return;
    }
    let Some(cluster) = cluster() else { return };
    let whole: Vec<u8> = (1..=60)
        .flat_map(|n| format!("line {n}\n").into_bytes())
        .collect();
    for part in ["apiserver", "kubelet", "containerd"] {
        let project = captured(
            capture,
            &format!(
                "[suites.good]\nscript = \"{SCRIPT}\"\n[suites.good.kubernetes]\n\
             [suites.bad]\nscript = \"{SCRIPT}; exit 3\"\n[suites.bad.kubernetes]\n"
            ),
        );
        let mut child = cluster
            .command(&project, &["run"])
            .stdout(Stdio::null())
            .spawn()
            .expect("the binary starts");
        std::thread::sleep(Duration::from_secs(5));
        restart(part);
        let code = child.wait().expect("it ends").code();
        let (good, bad) = (record(&project, "good"), record(&project, "bad"));
        assert_eq!(good["status"], "passed", "{part}: {good:#}");
        assert_eq!(bad["status"], "failed", "{part}: {bad:#}");
        assert_eq!(code, Some(1), "{part}");
        for name in ["good", "bad"] {
            let found = completeness(&project, name);
            if capture == "sealed" {
                assert_eq!(found, "proven", "{part}: {name}");
            }
            if ["complete", "proven"].contains(&&*found) {
                let text = output(&project, name);
                assert!(text == whole, "{part}: {name} lost lines");
            }
        }
        cluster.assert_nothing_left(&project);
    }
}
