//! `tribunal doctor`, and the Role it prints: with it suites run, without it the refusal names what is missing.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::rig::{captured, cluster, completeness};
use crate::support::{Project, ran};

/// A service account of its own, which goes away with this.
struct Account(&'static str);

fn kubectl(args: &[&str], input: &str) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cluster/kubectl");
    let mut child = Command::new(script)
        .args(["-n", "tribunal-test"])
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("kubectl");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(input.as_bytes()).expect("written");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "kubectl {args:?}");
    String::from_utf8(output.stdout).expect("text")
}

impl Drop for Account {
    fn drop(&mut self) {
        for kind in ["serviceaccount", "role", "rolebinding"] {
            let name = if kind == "serviceaccount" {
                self.0
            } else {
                "tribunal-runner"
            };
            kubectl(&["delete", kind, name, "--ignore-not-found"], "");
        }
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, from account to verdict")]
fn the_role_it_prints_is_enough() {
    if std::env::var_os("TRIBUNAL_TEST_CLUSTER_IS_OURS").is_none() {
        crate::support::skipped("TRIBUNAL_TEST_CLUSTER_IS_OURS: make test-cluster");
        return;
    }
    let Some(cluster) = cluster() else { return };
    let account = Account("doctors-patient");
    kubectl(&["create", "serviceaccount", account.0], "");
    let token = kubectl(&["create", "token", account.0], "");
    let admin = std::fs::read_to_string(&cluster.kubeconfig).expect("a kubeconfig");
    let own = admin
        .split_once("token: \"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .expect("a token");
    let project = captured(
        "auto",
        "[suites.unit]\nscript = \"echo ok\"\nretries = { infra = 0 }\n[suites.unit.kubernetes]\n",
    );
    let kubeconfig = project.write("kubeconfig", admin.replace(own.0, token.trim()));
    let tribunal = |project: &Project, args: &[&str]| {
        let mut command = project.command(args);
        let output = command.env("KUBECONFIG", &kubeconfig).output();
        ran(&output.expect("the binary starts"))
    };

    let before = tribunal(&project, &["doctor"]);
    assert_eq!(before.code, Some(3), "{}{}", before.out, before.err);
    for line in [
        "identity   system:serviceaccount:tribunal-test:doctors-patient",
        "MISSING  create jobs             no suite can run without it",
        "missing  create configmaps",
        "missing  list events",
        "kind: Role",
    ] {
        assert!(before.out.contains(line), "{line}:\n{}", before.out);
    }
    let refused = tribunal(&project, &["run"]);
    assert_eq!(refused.code, Some(3), "{}{}", refused.out, refused.err);
    for word in [
        "unit",
        "create",
        "jobs",
        "\"tribunal-test\"",
        "tribunal doctor",
    ] {
        assert!(refused.out.contains(word), "{word}:\n{}", refused.out);
    }

    // The smaller Role is enough for the log API, and it is said what it does not allow.
    let stream = tribunal(&project, &["doctor", "--role", "stream"]);
    let stream = stream.out.replace(
        "name: tribunal-runner\n    namespace",
        "name: doctors-patient\n    namespace",
    );
    kubectl(&["apply", "-f", "-"], &stream);
    let streamed = tribunal(&project, &["run"]);
    assert_eq!(streamed.code, Some(0), "{}{}", streamed.out, streamed.err);
    let why = "suite unit is captured over the log API (stream), not sealed: in namespace tribunal-test the \
               credentials may not create configmaps, delete configmaps, get pods/portforward, create \
               pods/portforward; `tribunal doctor` prints the Role";
    assert!(streamed.err.contains(why), "{}", streamed.err);
    let events = std::fs::read_to_string(project.latest().join("events.jsonl")).expect("a journal");
    assert!(
        events.contains("capture of unit: stream, not sealed"),
        "{events}"
    );
    assert_eq!(completeness(&project, "unit"), "complete");
    let demanded = captured(
        "sealed",
        "[suites.unit]\nscript = \"echo ok\"\n[suites.unit.kubernetes]\n",
    );
    let demanded = tribunal(&demanded, &["run"]);
    assert_eq!(demanded.code, Some(3), "{}{}", demanded.out, demanded.err);
    assert!(
        demanded.err.contains("says capture = \"sealed\""),
        "{}",
        demanded.err
    );

    let role = before.out.find("apiVersion:").expect("a Role");
    kubectl(&["apply", "-f", "-"], before.out.get(role..).expect("text"));
    let after = tribunal(&project, &["doctor"]);
    assert_eq!(after.code, Some(0), "{}{}", after.out, after.err);
    assert!(after.out.contains("suites can run"), "{}", after.out);
    let passed = tribunal(&project, &["run"]);
    assert_eq!(passed.code, Some(0), "{}{}", passed.out, passed.err);
    assert_eq!(completeness(&project, "unit"), "proven");
    let json = tribunal(&project, &["doctor", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
    assert_eq!(json["ok"], true);
    assert_eq!(
        json["kubernetes"]["namespaces"][0]["exists"],
        serde_json::Value::Null
    );
}
