//! Jobs as they are sent.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::super::sealed::Sealing;
use super::{Order, job, job_name, label_value, marker};
use crate::config::Pipeline;
use crate::plan::{KubernetesSpec, Selection, Suite, Target, resolve};

fn suites(pipeline: &str) -> Vec<Arc<Suite>> {
    let text = format!("version = 1\nname = \"shop\"\n{pipeline}");
    let pipeline = Pipeline::parse(&text, "/srv/pipeline.toml").expect("right");
    resolve(&pipeline, &Selection::default())
        .expect("something is selected")
        .suites
}

fn order(suite: &Suite, attempt: u32) -> Order<'_> {
    let Target::Kubernetes(spec) = &suite.target else {
        panic!("{} is local", suite.name);
    };
    let spec: &KubernetesSpec = spec;
    Order {
        run: "20260101-0000-abcd",
        pipeline: "shop",
        suite,
        spec,
        attempt,
        sealing: None,
    }
}

fn json_of(suite: &Suite) -> Value {
    let job = job(&order(suite, 1)).expect("a Job");
    serde_json::to_value(job).expect("plain data")
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).expect("plain data")
}

fn refused(pod: &str) -> String {
    let text = format!("[suites.x.kubernetes]\nimage = \"i\"\npod = {pod}\n");
    let suites = suites(&text);
    job(&order(&suites[0], 1)).expect_err("refused").to_string()
}

#[test]
fn a_suite_without_wishes() {
    let suites = suites(
        "[suites.unit]\ncommand = [\"make\", \"test\"]\n[suites.unit.kubernetes]\nimage = \"alpine:3\"\n",
    );
    insta::assert_snapshot!(pretty(&json_of(&suites[0])));
}

#[test]
fn a_suite_with_every_wish() {
    let suites = suites(
        r#"
[suites.e2e]
script = "make e2e"
env = { URL = "http://db:$(PORT)", MONEY = "5$$" }
timeout = "10m"
grace = "1500ms"
[suites.e2e.kubernetes]
image = "example/e2e:1"
image_pull_policy = "Always"
working_dir = "/srv"
service_account = "runner"
image_pull_secrets = ["registry"]
resources = { requests = { cpu = "500m" }, limits = { memory = "1Gi" } }
node_selector = { pool = "ci" }
tolerations = [{ key = "ci", operator = "Exists", effect = "NoExecute", seconds = 30 }]
labels = { team = "pay" }
annotations = { "example.com/owner" = "Anna" }
ttl = "5s"
provisioning_timeout = "2m"
pod = { priorityClassName = "low", containers = [{ name = "suite", env = [{ name = "EXTRA", value = "1" }] }, { name = "db", image = "db:1" }], securityContext = { runAsUser = 1000 } }
"#,
    );
    let value = json_of(&suites[0]);
    insta::assert_snapshot!(pretty(&value));
    let job = job(&order(&suites[0], 1)).expect("a Job");
    let marker = marker(&job).expect("a script has one");
    assert!(value.to_string().contains(&marker));
}

#[test]
fn what_the_pipeline_says_is_meant_literally() {
    let suites = suites(
        "[suites.x]\ncommand = [\"echo\", \"$(HOME)\", \"$HOME\", \"$$\"]\n[suites.x.kubernetes]\nimage = \"i\"\n",
    );
    let value = json_of(&suites[0]);
    let command = value.pointer("/spec/template/spec/containers/0/command");
    // Kubernetes makes one dollar of two, and leaves a single one that no bracket follows.
    assert_eq!(command, Some(&json!(["echo", "$$(HOME)", "$HOME", "$$$$"])));
}

#[test]
fn a_command_that_the_pod_replaces_has_no_marker() {
    let suites = suites(
        "[suites.x]\nscript = \"true\"\n[suites.x.kubernetes]\nimage = \"i\"\n\
         pod = { containers = [{ name = \"suite\", command = [\"other\"] }] }\n",
    );
    assert_eq!(marker(&job(&order(&suites[0], 1)).expect("a Job")), None);
}

#[test]
fn a_partial_pod_that_fits_nothing_is_refused_by_name() {
    insta::assert_snapshot!(
        [
            refused("{ hostNetwrok = true }"),
            refused(
                "{ containers = [{ name = \"suite\", resources = { limit = { cpu = \"1\" } } }] }"
            ),
            refused("{ hostNetwork = \"yes\" }"),
            refused("{ containers = \"none\" }"),
        ]
        .join("\n")
    );
}

#[test]
fn names_are_valid_short_and_never_the_same() {
    let long = "x".repeat(90);
    let text = format!(
        "[suites.\"{long}\".kubernetes]\nimage = \"i\"\n[suites.\"{long}y\".kubernetes]\nimage = \"i\"\n\
         [suites.\"A_b\".kubernetes]\nimage = \"i\"\n[suites.\"a.b\".kubernetes]\nimage = \"i\"\n"
    );
    let suites = suites(&text);
    let mut names = BTreeMap::new();
    for suite in &suites {
        for attempt in [1, 2, 101] {
            let name = job_name(&order(suite, attempt));
            assert!(name.len() <= 52, "{name}");
            assert!(name.starts_with(|c: char| c.is_ascii_lowercase()), "{name}");
            let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(name.chars().all(good), "{name}");
            assert_eq!(names.insert(name, &suite.name), None);
        }
    }
    // The same attempt has the same name: a repeated creation finds the first.
    assert_eq!(
        job_name(&order(&suites[0], 1)),
        job_name(&order(&suites[0], 1))
    );
}

#[test]
fn label_values_are_what_kubernetes_takes() {
    assert_eq!(label_value("unit[python=3.13]"), "unit-python-3.13");
    assert_eq!(label_value("ä"), "");
    assert_eq!(label_value(&"a".repeat(80)).len(), 63);
    assert_eq!(label_value("-x-"), "x");
}

#[test]
fn a_sealed_pod_has_a_keeper_beside_the_suite() {
    let suites = suites(
        "[suites.unit]\nscript = \"make test\"\nartifacts = [\"out/*.xml\"]\ngrace = \"1500ms\"\n\
         [suites.unit.kubernetes]\nimage = \"alpine:3\"\nspool_limit = \"1MiB\"\nhold = \"30s\"\n",
    );
    let sealing = Sealing {
        config_map: "tribunal-seal-0-amd64".to_owned(),
        arch: "amd64".to_owned(),
        token: "0123".to_owned(),
    };
    let order = Order {
        sealing: Some(&sealing),
        ..order(&suites[0], 1)
    };
    let job = job(&order).expect("a Job");
    assert_eq!(marker(&job), None);
    let value = serde_json::to_value(job).expect("plain data");
    let pod = value.pointer("/spec/template/spec").expect("a pod");
    // 1.5 s of grace, 30 s to drain, 30 s to hold, and a margin.
    assert_eq!(pod["terminationGracePeriodSeconds"], 2 + 30 + 30 + 15);
    assert_eq!(pod["nodeSelector"]["kubernetes.io/arch"], "amd64");
    assert_eq!(
        pod["volumes"][0]["configMap"],
        json!({"name": "tribunal-seal-0-amd64", "defaultMode": 0o555})
    );
    assert_eq!(pod["initContainers"], Value::Null);
    let keeper = &pod["containers"][1];
    assert_eq!(keeper["command"][1], "guard");
    assert_eq!(keeper["image"], "alpine:3");
    let main = &pod["containers"][0];
    assert_eq!(main["terminationMessagePolicy"], "File");
    assert_eq!(
        main["command"],
        json!([
            "/tribunal-seal/seal",
            "run",
            "--spool",
            "/tribunal-spool",
            "--grace",
            "1.5",
            "--drain",
            "30",
            "--termination-log",
            "/dev/termination-log",
            "--artifact",
            "out/*.xml",
            "--",
            "sh",
            "-eu",
            "-c",
            "make test"
        ])
    );
}
