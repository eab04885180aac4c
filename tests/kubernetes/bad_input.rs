//! What a cluster refuses: the message names the suite and the cure, and nothing is left.

use k8s_openapi::api::core::v1::ResourceQuota;

use crate::rig::{cluster, project};
use crate::support::{Project, suite};

#[test]
fn what_the_cluster_refuses_is_said_with_its_cure() {
    let Some(cluster) = cluster() else { return };
    let project = project(
        r#"provisioning_timeout = "4s"
[defaults]
retries = { infra = 0 }
[suites.no-namespace]
[suites.no-namespace.kubernetes]
namespace = "no-such-namespace"
[suites.no-image]
[suites.no-image.kubernetes]
image = "tribunal.test/none:1"
image_pull_policy = "Never"
[suites.not-admitted]
[suites.not-admitted.kubernetes]
pod = { hostNetwork = true }
[suites.no-node]
[suites.no-node.kubernetes]
node_selector = { nowhere = "to-be-found" }
[suites.no-such-key]
[suites.no-such-key.kubernetes]
pod = { hostNetwrok = true }
[suites.wrong-name]
[suites.wrong-name.kubernetes]
image = "tribunal.test/UPPER:1"
"#,
    );
    let (ran, summary) = cluster.run(&project, &[]);
    assert_eq!(ran.code, Some(3), "{summary:#}");
    for (name, words) in [
        ("no-namespace", vec!["\"no-such-namespace\"", "create it"]),
        ("no-image", vec!["tribunal.test/none:1", "not present"]),
        ("not-admitted", vec!["restricted", "hostNetwork"]),
        ("no-node", vec!["not running within 4s", "node affinity"]),
        ("no-such-key", vec!["hostNetwrok"]),
        ("wrong-name", vec!["InvalidImageName"]),
    ] {
        let suite = suite(&summary, name);
        assert_eq!(suite["status"], "errored", "{name}");
        let said = suite["summary"].as_str().expect("words");
        for word in words {
            assert!(said.contains(word), "{name}: {word} is not in {said}");
        }
    }
}

#[test]
fn a_quota_is_waited_for_and_named() {
    let Some(cluster) = cluster() else { return };
    let quota = serde_json::json!({
        "apiVersion": "v1", "kind": "ResourceQuota",
        "metadata": {"name": "no-gpus"},
        "spec": {"hard": {"requests.example.com/gpu": "0"}},
    });
    let quota = cluster.create::<ResourceQuota>(&quota);
    let project = project(
        r#"provisioning_timeout = "6s"
[suites.unit]
retries = { infra = 0 }
[suites.unit.kubernetes]
resources = { requests = { "example.com/gpu" = 1 }, limits = { "example.com/gpu" = 1 } }
"#,
    );
    let (ran, summary) = cluster.run(&project, &[]);
    drop(quota);
    assert_eq!(ran.code, Some(3), "{summary:#}");
    let said = suite(&summary, "unit")["summary"].to_string();
    assert!(said.contains("exceeded quota: no-gpus"), "{said}");
}

#[test]
fn without_a_cluster_nothing_is_run() {
    let Some(cluster) = cluster() else { return };
    let project = project("[suites.unit]\n[suites.unit.kubernetes]\n");
    let run = |kubeconfig: &str| {
        let path = project.write("kubeconfig", kubeconfig);
        let mut command = project.command(&["run"]);
        let output = command.env("KUBECONFIG", path).output();
        crate::support::ran(&output.expect("the binary starts"))
    };
    let real = std::fs::read_to_string(&cluster.kubeconfig).expect("a kubeconfig");
    let token = real
        .lines()
        .find_map(|line| line.split_once("token: \"")?.1.split('"').next());
    let wrong = token.map(|token| real.replace(token, "not-a-token"));
    let context = "[kubernetes]\ncontext = \"elsewhere\"";
    let elsewhere = Project::new(&format!(
        "{context}\nimage = \"x\"\n[suites.unit]\n[suites.unit.kubernetes]\n"
    ));
    let ran = crate::support::ran(
        &cluster
            .command(&elsewhere, &["run"])
            .output()
            .expect("the binary starts"),
    );
    let mut said = vec![("unknown context", ran, "elsewhere")];
    said.push(("nothing in it", run(""), "kubeconfig"));
    said.push(("not a kubeconfig", run("{"), "kubeconfig"));
    if let Some(wrong) = wrong {
        said.push(("wrong token", run(&wrong), "401"));
    }
    for (case, ran, word) in said {
        assert_eq!(ran.code, Some(3), "{case}: {}{}", ran.out, ran.err);
        assert!(ran.err.contains(word), "{case}: {}", ran.err);
        assert!(ran.err.contains("needed by: unit"), "{case}: {}", ran.err);
    }
    assert!(!project.path().join(".tribunal").exists());
}
