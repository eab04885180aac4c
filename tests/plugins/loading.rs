//! Files that are no judges, and the cache of compiled code.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use tribunal::plan::JudgeSource;
use tribunal::plugin::{Cache, Problem, Registry};

use crate::kit::{Bench, judge, text, wasm};

#[test]
fn what_is_no_judge_is_refused_with_advice() {
    let bench = Bench::new();
    let good = wasm(&text(""));
    let core = wat::parse_str("(module)").expect("a module");
    let empty = wat::parse_str("(component)").expect("a component");
    assert!(bench.refusal(b"").contains("the file is empty"));
    assert!(
        bench
            .refusal(b"just text")
            .contains("it is not WebAssembly: it begins with \"just text\"")
    );
    assert!(
        bench
            .refusal(text("").as_bytes())
            .contains("it is not WebAssembly")
    );
    assert!(bench.refusal(&core).contains("-mexec-model=reactor"));
    assert!(
        bench
            .refusal(&empty)
            .contains("neither tribunal:judge/plugin nor wasi:cli/run")
    );
    assert!(bench.load(&good).is_ok());
}

#[test]
fn a_file_that_is_cut_short_anywhere_is_refused() {
    let bench = Bench::new();
    let good = wasm(&text(""));
    for len in (1..good.len()).step_by(97) {
        let refusal = bench.refusal(good.get(..len).expect("shorter"));
        assert!(
            refusal.contains("cut short") || refusal.contains("exports neither"),
            "cut to {len}: {refusal}"
        );
    }
}

#[test]
fn forbidden_imports_are_named() {
    let bench = Bench::new();
    let wants = |imports: &str| wasm(&text("").replace(";; IMPORTS", imports));
    let refusal = bench.refusal(&wants(
        "(import \"wasi:http/types@0.2.10\" (instance)) (import \"env\" (func))",
    ));
    assert_eq!(
        refusal,
        "it imports `wasi:http/types@0.2.10`, `env`, which no judge may use; a judge may import tribunal:judge \
         and WASI without http: no judge has a network: build without it (componentize-js: --disable http \
         fetch-event)"
    );
    let refusal = bench.refusal(&wants(
        "(import \"tribunal:judge/secret@0.1.0\" (instance))",
    ));
    assert!(refusal.contains("tribunal:judge/secret@0.1.0"), "{refusal}");
    // WASI itself is there to be linked.
    assert!(
        bench
            .load(&wants("(import \"wasi:cli/environment@0.2.6\" (instance))"))
            .is_ok()
    );
}

#[test]
fn another_version_of_the_contract_is_refused_in_words() {
    let bench = Bench::new();
    let versioned = |version: &str| wasm(&text("").replace("@0.1.0", version));
    let newer = bench.refusal(&versioned("@0.2.0"));
    assert_eq!(
        newer,
        "it was built for tribunal:judge 0.2, and this tribunal offers 0.1; update tribunal, or build the judge \
         for the older version"
    );
    for version in ["@0.1.0", "@0.1.9"] {
        assert!(bench.load(&versioned(version)).is_ok(), "{version} fits");
    }
    let older = bench.refusal(&versioned("@0.0.9"));
    assert_eq!(
        older,
        "it was built for tribunal:judge 0.0, and this tribunal offers 0.1; build the judge again"
    );
}

/// Built for a contract that has one function more, which it uses.
#[test]
fn a_newer_version_is_told_with_what_it_needs() {
    let bench = Bench::new();
    let rebooting = text("")
        .replace(
            "(export \"stderr\" (func (type 9)))",
            "(export \"stderr\" (func (type 9))) (export \"reboot\" (func (type 9)))",
        )
        .replace("@0.1.0", "@0.3.0");
    assert_eq!(
        bench.refusal(&wasm(&rebooting)),
        "it was built for tribunal:judge 0.3 and needs `host.reboot`, and this tribunal offers 0.1; update tribunal, \
         or build the judge for the older version"
    );
}

#[test]
fn a_function_that_this_tribunal_lacks_is_named() {
    let bench = Bench::new();
    let text = text("").replace(
        "(export \"stderr\" (func (type 9)))",
        "(export \"stderr\" (func (type 9))) (export \"reboot\" (func (type 9)))",
    );
    let refusal = bench.refusal(&wasm(&text));
    assert!(
        refusal.contains("does not fit the contract tribunal:judge 0.1"),
        "{refusal}"
    );
    assert!(refusal.contains("reboot"), "{refusal}");
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let bench = Bench::new();
    let mut spec = bench.spec(b"");
    for (path, why) in [("missing.wasm", "No such file"), (".", "it is a directory")] {
        let path = bench.path().join(path);
        spec.source = JudgeSource::File(path);
        let problem = bench.load_spec(spec.clone()).err().expect("a refusal");
        assert!(problem.to_string().contains(why), "{problem}");
    }
    spec.source = JudgeSource::Builtin("nope".to_owned());
    let problem = bench
        .load_spec(spec.clone())
        .err()
        .expect("a refusal")
        .to_string();
    assert!(
        problem.contains("there are: auto, ctest, ctrf"),
        "{problem}"
    );
    let big = bench.path().join("big.wasm");
    fs::File::create(&big)
        .and_then(|file| file.set_len((64 << 20) + 1))
        .expect("made");
    spec.source = JudgeSource::File(big);
    let problem = bench.load_spec(spec).err().expect("a refusal");
    assert!(matches!(problem, Problem::TooLarge { .. }), "{problem}");
}

#[test]
fn a_pin_holds_and_says_what_was_found() {
    let bench = Bench::new();
    let mut spec = bench.spec(&wasm(&text("")));
    let registry = bench.load_spec(spec.clone()).expect("a judge");
    let digest = registry
        .get("custom")
        .expect("this judge")
        .identity()
        .digest;
    let hex = digest.strip_prefix("sha256:").expect("a digest").to_owned();
    spec.sha256 = Some(hex.to_uppercase());
    assert!(bench.load_spec(spec.clone()).is_ok());
    spec.sha256 = Some("0".repeat(64));
    let problem = bench.load_spec(spec).err().expect("a refusal");
    assert_eq!(
        problem,
        Problem::Pin {
            pinned: "0".repeat(64),
            found: hex
        }
    );
}

#[test]
fn problems_of_all_judges_are_told_at_once() {
    let bench = Bench::new();
    let good = bench.spec(&wasm(&text("")));
    let mut missing = good.clone();
    missing.source = JudgeSource::File(bench.path().join("missing.wasm"));
    let mut pinned = good.clone();
    pinned.sha256 = Some("ff".repeat(32));
    let specs = [("a", missing), ("b", good), ("c", pinned)];
    let specs: BTreeMap<_, _> = specs
        .into_iter()
        .map(|(name, spec)| (name.to_owned(), spec))
        .collect();
    let errors = Registry::load_with(&specs, bench.cache())
        .err()
        .expect("errors");
    let names: Vec<_> = errors.iter().map(|error| error.judge.as_str()).collect();
    assert_eq!(names, ["a", "c"]);
    assert!(
        errors[0].to_string().starts_with("judge `a`: "),
        "{}",
        errors[0]
    );
}

#[test]
fn a_judge_that_breaks_when_asked_is_refused() {
    let bench = Bench::new();
    let cases = [
        (
            r#"(func (export "describe") (result i32) (unreachable))"#,
            "`describe`: the judge crashed: it aborted",
        ),
        (
            r#"(func (export "validate") (param i32 i32) (result i32) (unreachable))"#,
            "`validate-config`",
        ),
        (
            r#"(func (export "describe") (result i32) (call $name (i32.const 8192)) (i32.const 1024))"#,
            "must not use `suite`",
        ),
        (
            r"(func $main (unreachable)) (start $main)",
            "`describe`: the judge crashed",
        ),
        (
            r#"(func (export "describe") (result i32) (loop (br 0)) (unreachable))"#,
            "`describe`: no answer within 2s",
        ),
    ];
    for (core, expected) in cases {
        let refusal = bench.refusal(&wasm(&text(core)));
        assert!(refusal.contains(expected), "{refusal}");
    }
}

#[test]
fn a_config_that_the_judge_does_not_accept_is_refused() {
    let bench = Bench::new();
    // One problem, whose text is the config itself.
    let bytes = wasm(&text(
        r#"(func (export "validate") (param i32 i32) (result i32)
          (i32.store (i32.const 9000) (local.get 0)) (i32.store (i32.const 9004) (local.get 1))
          (i32.store (i32.const 9008) (i32.const 9000)) (i32.store (i32.const 9012) (i32.const 1))
          (i32.const 9008))"#,
    ));
    let mut spec = bench.spec(&bytes);
    spec.config = serde_json::json!({"minimum": 85});
    let problem = bench.load_spec(spec).err().expect("a refusal");
    assert_eq!(
        problem.to_string(),
        "its config is not valid: {\"minimum\":85}"
    );
    assert_eq!(bench.refusal(&bytes), "its config is not valid: {}");
}

/// The one file of compiled code in a bench's cache.
fn entry(bench: &Bench) -> std::path::PathBuf {
    let entries = fs::read_dir(bench.path().join("cache")).expect("listed");
    let paths = entries.map(|entry| entry.expect("readable").path());
    let mut codes = paths.filter(|path| path.extension().is_some_and(|end| end != "seen"));
    let code = codes.next().expect("an entry");
    assert_eq!(
        codes.next(),
        None,
        "one entry, no part of another beside it"
    );
    code
}

#[tokio::test]
async fn a_compiled_judge_that_was_tampered_with_is_compiled_again() {
    let bench = Bench::new();
    let bytes = wasm(&text(""));
    bench.judge(&bytes);
    let path = entry(&bench);
    let whole = fs::read(&path).expect("read");
    let mut forged = whole.clone();
    let middle = forged.len() / 2;
    forged[middle] ^= 0xff;
    for bad in [forged, whole[..whole.len() / 2].to_vec(), Vec::new()] {
        fs::write(&path, &bad).expect("written");
        let custom = bench.judge(&bytes);
        assert!(judge(custom.as_ref(), b"").await.verdict.is_ok());
        let found = fs::read(entry(&bench)).expect("read");
        assert!(found != bad && found.len() == whole.len());
    }
}

/// It is not read again at every start; but whoever touches it makes it be.
#[tokio::test]
async fn a_compiled_judge_that_was_whole_before_and_tampered_with_then_is_compiled_again() {
    let bench = Bench::new();
    let bytes = wasm(&text(""));
    bench.judge(&bytes);
    std::thread::sleep(std::time::Duration::from_millis(2_100));
    bench.judge(&bytes);
    let path = entry(&bench);
    assert!(
        path.with_extension("seen").is_file(),
        "that it is whole was noted"
    );
    let (whole, before) = (
        fs::read(&path).expect("read"),
        fs::metadata(&path).expect("there"),
    );
    let mut forged = whole.clone();
    let middle = forged.len() / 2;
    forged[middle] ^= 0xff;
    fs::write(&path, &forged).expect("written");
    let times = fs::FileTimes::new().set_modified(before.modified().expect("a time"));
    let file = fs::File::options().write(true).open(&path).expect("there");
    file.set_times(times)
        .expect("the time of its last change is put back");
    let custom = bench.judge(&bytes);
    assert!(judge(custom.as_ref(), b"").await.verdict.is_ok());
    let found = fs::read(entry(&bench)).expect("read");
    assert!(found != forged && found.len() == whole.len());
}

#[test]
fn a_cache_that_others_may_write_is_not_used_and_said_so() {
    let bench = Bench::new();
    let dir = bench.path().join("open");
    fs::create_dir(&dir).expect("made");
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o777)).expect("changed");
    let specs = BTreeMap::from([("custom".to_owned(), bench.spec(&wasm(&text(""))))]);
    let registry = Registry::load_with(&specs, Cache::at(dir.clone())).expect("judges");
    let warnings: Vec<_> = registry.warnings().collect();
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0].contains("can be written by others"),
        "{warnings:?}"
    );
    assert_eq!(fs::read_dir(dir).expect("listed").count(), 0);
}

#[tokio::test]
async fn a_new_version_takes_over_and_a_broken_one_does_not() {
    let bench = Bench::new();
    let registry = bench.load(&wasm(&text(""))).expect("a judge");
    let custom = registry.get("custom").expect("this judge");
    let first = custom.identity().digest;
    let spec = bench.spec(b"broken");
    assert!(registry.reload("custom", &spec).is_err());
    assert_eq!(custom.identity().digest, first);
    let spec = bench.spec(&wasm(&text("(func $new)")));
    assert_eq!(registry.reload("custom", &spec), Ok(true));
    assert_ne!(custom.identity().digest, first);
    assert_eq!(registry.reload("custom", &spec), Ok(false));
    assert!(judge(custom.as_ref(), b"").await.verdict.is_ok());
}
