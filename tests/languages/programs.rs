//! The second tier: a compiler for WASI, standard input and standard output, and nothing of tribunal's.

use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tribunal::plugin::EVIDENCE_SCHEMA;

use crate::support::{Project, suite};
use crate::{has, python_tool, root};

/// Compiles `programs/NAME` for a target into `program.wasm` of a project; `None` where the tools are missing.
fn compiled(project: &Project, name: &str, target: &str) -> Option<()> {
    let source = root().join("tests/languages/programs").join(name);
    let extension = source.extension()?.to_str()?;
    let tools = match extension {
        "rs" => target,
        other => other,
    };
    if !has(tools) {
        return None;
    }
    let output = project.path().join("program.wasm");
    let mut command = match extension {
        "rs" => {
            let mut rustc = Command::new("rustc");
            rustc.args(["--edition", "2024", "-O", "--target", target, "-o"]);
            rustc
        }
        "go" => {
            let mut go = Command::new("go");
            go.env("GOOS", "wasip1").env("GOARCH", "wasm");
            go.args(["build", "-o"]);
            go
        }
        _ => {
            let mut zig = Command::new(python_tool("python"));
            zig.args([
                "-m",
                "ziglang",
                "cc",
                "-target",
                "wasm32-wasi",
                "-O2",
                "-s",
                "-o",
            ]);
            zig
        }
    };
    let built = command
        .arg(&output)
        .arg(&source)
        .output()
        .expect("a compiler");
    let told = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "{name} for {target}: {told}");
    Some(())
}

const PIPELINE: &str = "[judges.errors]\npath = 'program.wasm'\n\
    [suites.fine]\nscript = 'echo one; echo two; echo three >&2'\njudge = 'errors'\n\
    [suites.errors]\nscript = 'echo one; echo ERROR: disk full'\njudge = 'errors'\n\
    [suites.exit]\nscript = 'echo one; exit 4'\njudge = 'errors'\n\
    [suites.silent]\ncommand = ['true']\njudge = 'errors'\n\
    [suites.bytes]\nscript = 'head -c 300000 /dev/urandom | tr -d R'\njudge = 'errors'\n";

/// One and the same judge in three languages, in runs of real suites.
fn judges(name: &str, target: &str) {
    let project = Project::new(PIPELINE);
    if compiled(&project, name, target).is_none() {
        return;
    }
    let looked = project.tribunal(&["plugin", "inspect", "program.wasm", "--format", "json"]);
    let looked: Value = serde_json::from_str(&looked.out).expect("JSON");
    assert_eq!(looked["tier"], "program", "{looked:#}");
    let format = if target.ends_with('2') {
        "component"
    } else {
        "core module, adapted"
    };
    assert_eq!(looked["format"], format, "{looked:#}");
    let (code, summary) = project.run(&[]);
    assert_eq!(code, Some(1), "{summary:#}");
    for (name, status, says) in [
        ("fine", "passed", "0 errors in 3 lines"),
        ("errors", "failed", "1 errors in 2 lines"),
        ("exit", "failed", "0 errors in 1 lines"),
        ("silent", "passed", "0 errors in 0 lines"),
        ("bytes", "passed", "0 errors in "),
    ] {
        let found = suite(&summary, name);
        assert_eq!(found["status"], status, "{target}: {found:#}");
        let told = found["summary"].as_str().expect("a text");
        assert!(told.starts_with(says), "{target}: {told}");
    }
}

#[test]
fn a_plain_program_in_go_judges() {
    judges("errors.go", "wasip1");
}

#[test]
fn a_plain_program_in_rust_judges() {
    judges("errors.rs", "wasm32-wasip1");
    judges("errors.rs", "wasm32-wasip2");
}

#[test]
fn a_plain_program_in_c_judges() {
    judges("errors.c", "wasm32-wasi");
}

/// Suites of every kind that ends here.
const SUITES: &str = "[judges.tell]\npath = 'program.wasm'\nconfig = { deep = [1, { a = 'ü\"\\\\' }] }\n\
    [defaults]\njudge = 'tell'\n\
    [suites.exit]\nscript = 'echo out; echo err >&2; exit 3'\nlabels = { team = 'pay', \"a.b\" = 'x' }\n\
    [suites.matrix]\nscript = 'echo ${matrix.n}'\nmatrix = { n = ['1', '2'] }\n\
    [suites.signal]\nscript = 'kill -SEGV $$'\n\
    [suites.slow]\nscript = 'sleep 60'\ntimeout = '200ms'\n\
    [suites.files]\nscript = 'mkdir out; echo hello > out/a.txt'\nartifacts = ['out/*.txt']\n";

/// How attempts end, with all that is known of each kind; and what an output may be.
fn ends() -> Vec<(Value, &'static str)> {
    vec![
        (json!({"kind": "exited", "code": -1}), "proven"),
        (
            json!({"kind": "signaled", "signal": 11, "name": "SIGSEGV", "core_dumped": true}),
            "complete",
        ),
        (json!({"kind": "timed-out", "limit_ms": 1_500}), "cut"),
        (
            json!({"kind": "oom-killed", "limit": "512Mi", "code": 137}),
            "gap",
        ),
        (
            json!({"kind": "oom-killed", "limit": null, "code": null}),
            "unverified",
        ),
        (
            json!({"kind": "evicted", "reason": "DiskPressure"}),
            "unavailable",
        ),
        (
            json!({"kind": "start-failed", "reason": "not found", "transient": false}),
            "complete",
        ),
        (json!({"kind": "cancelled", "reason": "SIGINT"}), "complete"),
        (json!({"kind": "lost", "reason": "node gone"}), "complete"),
        (json!({"kind": "other", "reason": "ünïcode"}), "complete"),
    ]
}

fn valid(schema: &jsonschema::Validator, text: &str) -> Value {
    let evidence: Value =
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let wrong: Vec<String> = schema
        .iter_errors(&evidence)
        .map(|error| error.to_string())
        .collect();
    assert!(wrong.is_empty(), "{wrong:?} in {evidence:#}");
    evidence
}

/// Whatever the binary sends to a program fits the schema it documents, for both generations of WASI.
#[test]
fn the_evidence_is_what_its_schema_says() {
    let schema: Value = serde_json::from_str(EVIDENCE_SCHEMA).expect("JSON");
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    for target in ["wasm32-wasip1", "wasm32-wasip2"] {
        let project = Project::new(SUITES);
        if compiled(&project, "evidence.rs", target).is_none() {
            continue;
        }
        let printed = project.tribunal(&["plugin", "schema", "evidence"]);
        assert_eq!(printed.out, EVIDENCE_SCHEMA);
        let (_, summary) = project.run(&[]);
        let told = |name: &str| {
            let found = suite(&summary, name);
            let text = found["failing"][0]["id"].as_str();
            valid(&schema, text.unwrap_or_else(|| panic!("{found:#}")))
        };
        let exit = told("exit");
        assert_eq!(exit["ended"], json!({"kind": "exited", "code": 3}));
        assert_eq!(exit["labels"], json!({"team": "pay", "a.b": "x"}));
        assert_eq!(exit["config"], json!({"deep": [1, {"a": "ü\"\\\\"}]}));
        assert_eq!(exit["capture"]["bytes"], 8);
        assert_eq!(told("matrix[n=2]")["suite"], "matrix[n=2]");
        assert_eq!(told("signal")["ended"]["name"], "SIGSEGV");
        assert_eq!(told("slow")["ended"]["limit_ms"], 200);
        assert_eq!(
            told("files")["artifacts"],
            json!([{"name": "out/a.txt", "size": 6}])
        );
        each_end(&project, &schema);
    }
}

/// Ends that need a cluster, by cases.
fn each_end(project: &Project, schema: &jsonschema::Validator) {
    for (at, (ended, completeness)) in ends().into_iter().enumerate() {
        let case = format!("cases/{at}");
        let evidence = json!({"suite": "s", "ended": ended, "completeness": completeness});
        project.write(&format!("{case}/evidence.json"), evidence.to_string());
        project.write(&format!("{case}/output.log"), "line\n");
        let name = at.to_string();
        // What the judge says is written down as what is expected: with the name of its case.
        project.write(
            &format!("{case}/expected.json"),
            r#"{"summary": "another"}"#,
        );
        let ran = project.tribunal(&["plugin", "test", "program.wasm", &name, "--update"]);
        assert_eq!(ran.code, Some(0), "{ended}: {}{}", ran.out, ran.err);
        let written = fs::read_to_string(project.path().join(&case).join("expected.json"));
        let written: Value = serde_json::from_str(&written.expect("written")).expect("JSON");
        let failing = written["failing"].as_object().expect("a table");
        let found = valid(schema, failing.keys().next().expect("a case"));
        assert_eq!(found["ended"], ended);
        assert_eq!(found["capture"]["completeness"], completeness);
    }
}

/// Files, sockets, names, variables, threads, the clock: a program may ask for all of them, and gets none.
#[test]
fn a_program_reaches_nothing_outside() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("a port").port();
    let config = format!(r#"{{"port":{port}}}"#);
    for target in ["wasm32-wasip1", "wasm32-wasip2"] {
        let project = Project::empty();
        if compiled(&project, "reach.rs", target).is_none() {
            continue;
        }
        project.write("a.log", "");
        let judge = || {
            project.tribunal(&[
                "judge",
                "./program.wasm",
                "a.log",
                "--exit-code",
                "0",
                "--config",
                &config,
            ])
        };
        let one = judge();
        assert_eq!(one.code, Some(0), "{target}: {}{}", one.out, one.err);
        assert!(
            one.out.contains("reached: ; random: "),
            "{target}: {}",
            one.out
        );
        let random = |out: &str| out.lines().next().map(str::to_owned);
        assert_eq!(random(&one.out), random(&judge().out), "{target}");
        assert!(!Path::new("/tmp/reached").exists() && !project.path().join("reached").exists());
    }
    listener.set_nonblocking(true).expect("a socket");
    assert!(listener.accept().is_err(), "nobody connected");
}
