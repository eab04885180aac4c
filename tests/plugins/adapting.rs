//! Core modules and programs: whatever a compiler leaves is taken, and what it may not have is named.

use tribunal::judge::JudgeError;
use tribunal::model::VerdictStatus;

use crate::kit::{Bench, judge, text, wasm};

/// A core module that exports the contract by hand and imports `imports`.
pub(crate) fn reactor(imports: &str, body: &str) -> Vec<u8> {
    let text = format!(
        r#"(module {imports}
          (memory (export "memory") 2)
          (global $free (mut i32) (i32.const 65536))
          (data (i32.const 64) "by hand")
          (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
            (local $at i32)
            (local.set $at (global.get $free))
            (global.set $free (i32.and (i32.add (i32.add (global.get $free) (local.get 3)) (i32.const 15))
              (i32.const -16)))
            (local.get $at))
          (func (export "tribunal:judge/plugin@0.1.0#describe") (result i32)
            (i32.store (i32.const 128) (i32.const 64)) (i32.store (i32.const 132) (i32.const 7))
            (i32.const 128))
          (func (export "tribunal:judge/plugin@0.1.0#validate-config") (param i32 i32) (result i32)
            (i32.const 192))
          (func (export "tribunal:judge/plugin@0.1.0#judge") (result i32) {body} (i32.const 256)))"#
    );
    wat::parse_str(text).expect("WebAssembly text")
}

/// Says `by hand` and passes.
/// Says `by hand`, and so passes.
pub(crate) const SUMMARY: &str =
    "(i32.store (i32.const 264) (i32.const 64)) (i32.store (i32.const 268) (i32.const 7))";

#[tokio::test]
async fn a_core_module_that_does_not_say_what_it_is_is_a_judge() {
    let bench = Bench::new();
    let registry = bench.load(&reactor("", SUMMARY)).expect("a judge");
    assert_eq!(registry.info("custom").expect("described").name, "by hand");
    let custom = registry.get("custom").expect("this judge");
    let verdict = judge(custom.as_ref(), b"")
        .await
        .verdict
        .expect("a verdict");
    assert_eq!(verdict.summary, "by hand");
}

#[tokio::test]
async fn preview_1_has_a_clock_and_random_numbers_that_repeat_and_no_files() {
    // The summary's first byte is 0 when everything was as it must be.
    let imports = r#"
      (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
      (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
      (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))"#;
    let body = format!(
        "{SUMMARY}
        (drop (call $clock (i32.const 1) (i64.const 0) (i32.const 512)))
        (drop (call $clock (i32.const 1) (i64.const 0) (i32.const 520)))
        (if (i64.ge_u (i64.load (i32.const 512)) (i64.load (i32.const 520))) (then unreachable))
        (if (i32.eqz (call $prestat (i32.const 3) (i32.const 600))) (then unreachable))
        (if (i32.eqz (call $open (i32.const 3) (i32.const 0) (i32.const 64) (i32.const 7) (i32.const 0)
          (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 600))) (then unreachable))
        (drop (call $random (i32.const 64) (i32.const 7)))
        (i32.store (i32.const 64) (i32.and (i32.load (i32.const 64)) (i32.const 0x0f0f0f0f)))
        (i32.store (i32.const 64) (i32.or (i32.load (i32.const 64)) (i32.const 0x40404040)))
        (i32.store (i32.const 268) (i32.const 4))"
    );
    let bench = Bench::new();
    let custom = bench.judge(&reactor(imports, &body));
    let one = judge(custom.as_ref(), b"")
        .await
        .verdict
        .expect("a verdict");
    let other = judge(custom.as_ref(), b"")
        .await
        .verdict
        .expect("a verdict");
    assert_eq!(one.summary, other.summary);
}

#[test]
fn what_a_core_module_may_not_import_is_named_with_a_cure() {
    let bench = Bench::new();
    let cases = [
        ("env", "abort", "link what it is in"),
        ("gojs", "runtime.wasmExit", "GOOS=wasip1"),
        ("wbg", "__wbindgen_throw", "without wasm-bindgen"),
        ("wasi", "thread-spawn", "without threads"),
        ("wasi_unstable", "fd_write", "preview 1"),
    ];
    for (module, name, cure) in cases {
        let import = format!("(import \"{module}\" \"{name}\" (func))");
        let refusal = bench.refusal(&reactor(&import, ""));
        let named = format!("it imports `{module}.{name}`");
        assert!(refusal.starts_with(&named), "{refusal}");
        assert!(refusal.contains(cure), "{refusal}");
    }
    let newer = reactor(
        "(import \"tribunal:judge/evidence@0.3.0\" \"[method]log.skip\" (func))
         (import \"tribunal:judge/evidence@0.3.0\" \"[resource-drop]log\" (func (param i32)))
         (import \"tribunal:judge/evidence@0.3.0\" \"ended\" (func (param i32)))",
        "",
    );
    let refusal = bench.refusal(&newer);
    assert!(
        refusal.contains("built for tribunal:judge 0.3 and needs `evidence.log.skip`, and")
            && refusal.contains("offers 0.1; update tribunal"),
        "{refusal}"
    );
}

/// A program that reads all of its input, counts bytes, prints `answer`, and exits with `code`.
pub(crate) fn program(answer: &str, code: u32) -> Vec<u8> {
    let escaped = answer.replace('\\', "\\5c").replace('"', "\\22");
    let escaped = escaped.replace('\n', "\\0a");
    let text = format!(
        r#"(module
          (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "environ_get" (func $environ (param i32 i32) (result i32)))
          (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
          (memory (export "memory") 4)
          (data (i32.const 1024) "{escaped}")
          (data (i32.const 512) "TRIBUNAL_EVIDENCE={{")
          (func (export "_start")
            (drop (call $sizes (i32.const 0) (i32.const 4)))
            (if (i32.ne (i32.load (i32.const 0)) (i32.const 2)) (then unreachable))
            (drop (call $environ (i32.const 16) (i32.const 131072)))
            ;; The first variable is where it is said to be, and begins as it must.
            (if (i64.ne (i64.load (i32.load (i32.const 16))) (i64.load (i32.const 512))) (then unreachable))
            ;; TZ=
            (if (i32.ne (i32.and (i32.load (i32.load (i32.const 20))) (i32.const 0xffffff)) (i32.const 0x3d5a54))
              (then unreachable))
            (i32.store (i32.const 32) (i32.const 65536)) (i32.store (i32.const 36) (i32.const 1000))
            (loop $more
              (if (call $read (i32.const 0) (i32.const 32) (i32.const 1) (i32.const 40)) (then unreachable))
              (br_if $more (i32.load (i32.const 40))))
            ;; What was read is in place: the last read left it as it was.
            (if (i32.ne (i32.load8_u (i32.const 65536)) (i32.const 0x6c)) (then unreachable))
            (i32.store (i32.const 48) (i32.const 1024)) (i32.store (i32.const 52) (i32.const {len}))
            (drop (call $write (i32.const 1) (i32.const 48) (i32.const 1) (i32.const 56)))
            (call $exit (i32.const {code}))))"#,
        len = answer.len(),
    );
    wat::parse_str(text).expect("WebAssembly text")
}

#[tokio::test]
async fn a_program_judges_by_its_standard_streams() {
    let bench = Bench::new();
    let answer = r#"{"status":"failed","summary":"1 of 2 failed","counts":{"passed":1,"failed":1},
        "cases":[{"id":"a","status":"failed","message":"no\u001b[31m"}]}"#;
    let custom = bench.judge(&program(answer, 0));
    let outcome = judge(custom.as_ref(), b"line\n".repeat(500).as_slice()).await;
    let verdict = outcome.verdict.expect("a verdict");
    assert_eq!(verdict.status, VerdictStatus::Failed);
    assert_eq!(verdict.summary, "1 of 2 failed");
    assert_eq!(outcome.notices.len(), 1);
}

#[tokio::test]
async fn a_program_that_fails_or_babbles_gives_no_verdict() {
    let bench = Bench::new();
    let cases = [
        (r#"{"status":"passed"}"#, 3, "exited with code 3"),
        ("", 0, "it printed nothing"),
        ("all good\n", 0, "is no verdict"),
        (
            r#"{"status":"passed","sumary":"x"}"#,
            0,
            "unknown field `sumary`",
        ),
        (r#"{"error":"no data"}"#, 0, "the judge gave up: no data"),
        (
            r#"{"status":"passed","cases":[{"id":"a","status":"failed"}]}"#,
            0,
            "did not pass",
        ),
    ];
    for (answer, code, expected) in cases {
        let custom = bench.judge(&program(answer, code));
        let outcome = judge(custom.as_ref(), b"line\n").await;
        let error: &JudgeError = outcome.error();
        assert!(error.to_string().contains(expected), "{answer}: {error}");
    }
}

#[tokio::test]
async fn a_component_that_exports_more_is_a_judge() {
    let core = "(func (export \"extra\") (result i32) (i32.const 7))";
    let whole = text(core).replace(
        "(export \"tribunal:judge/plugin@0.1.0\"",
        "(func $extra (result u32) (canon lift (core func $main \"extra\")))
         (export \"extra\" (func $extra))
         (export \"tribunal:judge/plugin@0.1.0\"",
    );
    assert!(whole.contains("$extra"));
    let bench = Bench::new();
    let custom = bench.judge(&wasm(&whole));
    let verdict = judge(custom.as_ref(), b"").await.verdict;
    assert_eq!(verdict.expect("a verdict").summary, "fine");
}
