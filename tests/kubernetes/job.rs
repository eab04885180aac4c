//! What a Job says of its pods is never taken for an end: the containers' own states are.

use std::collections::BTreeSet;

use k8s_openapi::api::batch::v1::Job;
use kube::Api;
use kube::api::{ListParams, Patch, PatchParams};

use crate::proxy::{Kind, Plan, Proxy};
use crate::rig::{cluster, output, project};
use crate::support::ran;

/// The Job is suspended while its pod runs: the controller deletes the pod and says `active: 0` at once, while the
/// process prints on through its grace (draining.md, fact 3).
#[test]
fn active_0_is_no_end() {
    let Some(cluster) = cluster() else { return };
    let project = project(
        "[suites.unit]\nretries = { infra = 0 }\n\
         script = \"trap 'for i in 1 2 3; do echo after $i; sleep 1; done; exit 0' TERM; echo go; \
         while :; do sleep 0.1; done\"\n[suites.unit.kubernetes]\n",
    );
    let mut child = cluster
        .command(&project, &["run"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the binary starts");
    let log = project
        .path()
        .join(".tribunal/runs/latest/suites/unit/attempt-1/output.log");
    while std::fs::read(&log).unwrap_or_default() != b"go\n" {
        assert!(child.try_wait().expect("a child").is_none(), "it ended");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let pods = cluster.pods(&project);
    let labels = pods[0].metadata.labels.clone().expect("labels");
    let jobs: Api<Job> = Api::namespaced(cluster.client.clone(), "tribunal-test");
    let suspend = serde_json::json!({"spec": {"suspend": true}});
    let (params, patch) = (PatchParams::default(), Patch::Merge(&suspend));
    let suspending = jobs.patch(&labels["job-name"], &params, &patch);
    cluster.runtime.block_on(suspending).expect("suspended");
    // Somebody else ended it: no pass, though it exits with 0.
    assert_eq!(child.wait().expect("it ends").code(), Some(3));
    let text = String::from_utf8(output(&project, "unit")).expect("text");
    assert!(text.starts_with("go\nafter 1\nafter 2\n"), "{text}");
    let journal = std::fs::read_to_string(project.latest().join("events.jsonl")).expect("there");
    assert!(journal.contains("active 0 terminating 1"), "{journal}");
    cluster.assert_nothing_left(&project);
}

/// Nothing is ever heard of Jobs: not `Complete`, not `Failed`.
#[test]
fn no_condition_of_a_job_is_waited_for() {
    let Some(cluster) = cluster() else { return };
    let project = project(
        "[suites.good]\nscript = \"echo good\"\n[suites.good.kubernetes]\n\
         [suites.bad]\nscript = \"echo bad; exit 3\"\n[suites.bad.kubernetes]\n",
    );
    let plan: Plan =
        Box::new(|kind, _| (kind == Kind::WatchJobs).then_some(crate::proxy::Fault::Stall(0)));
    let proxy = Proxy::start(&cluster, plan);
    let mut command = project.command(&["run"]);
    command.env("KUBECONFIG", &proxy.kubeconfig);
    let ran = ran(&command.output().expect("the binary starts"));
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    assert_eq!(output(&project, "good"), b"good\n");
    assert_eq!(output(&project, "bad"), b"bad\n");
    cluster.assert_nothing_left(&project);
}

#[test]
fn a_living_run_says_so_on_its_job_and_in_its_directory() {
    let Some(cluster) = cluster() else { return };
    let project =
        project("[suites.unit]\nscript = \"echo go; sleep 20\"\n[suites.unit.kubernetes]\n");
    let mut child = cluster
        .command(&project, &["run"])
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("the binary starts");
    let (mut on_job, mut in_file) = (BTreeSet::new(), BTreeSet::new());
    let jobs: Api<Job> = Api::namespaced(cluster.client.clone(), "tribunal-test");
    let code = loop {
        if let Some(status) = child.try_wait().expect("our child") {
            break status.code();
        }
        let file = project.path().join(".tribunal/runs/latest/heartbeat");
        in_file.extend(
            std::fs::read_to_string(file)
                .ok()
                .filter(|text| text.ends_with('\n')),
        );
        if let Some(run) = in_file.first().map(|_| project.latest()) {
            let id = run.file_name().expect("a name").to_string_lossy();
            let params = ListParams::default().labels(&format!("tribunal.dev/run={id}"));
            let listed = cluster.runtime.block_on(jobs.list(&params)).expect("Jobs");
            let beats = listed.items.iter().filter_map(|job| {
                job.metadata
                    .annotations
                    .as_ref()?
                    .get("tribunal.dev/heartbeat")
                    .cloned()
            });
            on_job.extend(beats);
        }
        std::thread::sleep(std::time::Duration::from_millis(300));
    };
    assert_eq!(code, Some(0));
    assert!(on_job.len() >= 2, "{on_job:?}");
    assert!(in_file.len() >= 3, "{in_file:?}");
}
