//! Builds what is inside the binary: the judges, each crate of `JUDGES` as a WebAssembly component, and
//! the seal of Kubernetes pods (`build/seals.rs`), our preview-1 adapter and the templates of `plugin new`.
//!
//! A nested `cargo build` for wasm32-unknown-unknown makes a core module that carries the contract in a
//! custom section; wit-component makes the component of it. So a fresh clone needs no other tool than
//! cargo and that target.

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use wit_component::ComponentEncoder;

#[path = "build/adapter.rs"]
mod adapter;
#[path = "build/seals.rs"]
mod seals;
#[path = "build/templates.rs"]
mod templates;

/// The judges inside the binary, sorted: a name for `judge = "…"`, and the crate's folder in `plugins/`. The
/// crate is named `tribunal-judge-` and the folder's name.
const JUDGES: &[&str] = &[
    "auto",
    "ctest",
    "ctrf",
    "exit-code",
    "go-test",
    "gtest",
    "jest",
    "junit",
    "libtest",
    "mocha",
    "nextest",
    "node-test",
    "phpunit",
    "playwright",
    "pytest",
    "rspec",
    "tap",
    "trx",
    "vitest",
];
/// It links the others without their exports, so cargo must not build it in one go with them: features
/// are unified within one build.
const LINKS_OTHERS: &str = "auto";
const TARGET: &str = "wasm32-unknown-unknown";
const PROFILE: &str = "plugin";

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() {
    if let Err(error) = build() {
        // One line for cargo to show; what else there is to see stands above it.
        println!("cargo::error={error}");
    }
}

fn build() -> Result<()> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set: run cargo")?);
    let runner = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or("not run by cargo")?);
    let root = runner.parent().ok_or("the runner has no workspace")?;
    for watched in [
        "plugins",
        "seal/src",
        "seal/Cargo.toml",
        "wit",
        "Cargo.toml",
        "Cargo.lock",
        "runner/build.rs",
        "runner/build",
    ] {
        println!("cargo::rerun-if-changed={}", root.join(watched).display());
    }
    // docs.rs has neither the target nor a need for the judges.
    let judges = if env::var_os("DOCS_RS").is_some() {
        &[]
    } else {
        JUDGES
    };
    if !judges.is_empty() {
        check_target(TARGET, "the built-in judges need")?;
        let (last, first): (Vec<_>, Vec<_>) =
            judges.iter().partition(|name| **name == LINKS_OTHERS);
        compile(&first, root, &out)?;
        compile(&last, root, &out)?;
    }
    fs::write(out.join("builtin_names.rs"), names())?;
    let mut table =
        String::from("/// Name and WebAssembly of every judge inside the binary, by name.\n");
    table.push_str("pub(super) const BUILTINS: &[(&str, &[u8])] = &[\n");
    for judge in judges {
        let core = out
            .join("plugins")
            .join(TARGET)
            .join(PROFILE)
            .join(format!("tribunal_judge_{}.wasm", judge.replace('-', "_")));
        let component = out.join(format!("{judge}.wasm"));
        fs::write(&component, componentize(&core)?)?;
        let path = component.display().to_string();
        writeln!(table, "    ({judge:?}, include_bytes!({path:?})),")?;
    }
    table.push_str("];\n");
    fs::write(out.join("builtins.rs"), table)?;
    adapter::build(&runner, &out)?;
    templates::build(root, &out)?;
    seals::build(root, &out)
}

/// The names for the configuration, which knows them even where the judges are not built.
fn names() -> String {
    let doc = "/// Names of the judges inside the binary, sorted.";
    let count = JUDGES.len();
    format!("{doc}\npub const BUILTIN_JUDGES: [&str; {count}] = {JUDGES:?};\n")
}

/// A missing target is the one thing that a newcomer will meet.
fn check_target(target: &str, who_needs: &str) -> Result<()> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let asked = Command::new(rustc)
        .args(["--print", "target-libdir", "--target", target])
        .output()?;
    let libdir = PathBuf::from(String::from_utf8_lossy(&asked.stdout).trim());
    if asked.status.success() && libdir.is_dir() {
        return Ok(());
    }
    Err(format!("{who_needs} a target of rustc: rustup target add {target}").into())
}

/// A cargo for a build inside this one.
fn nested_cargo(root: &Path) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root);
    // What is set for the host's build is not for what is inside: flags, clippy's and coverage's wrappers.
    for variable in [
        "RUSTFLAGS",
        "CARGO_BUILD_RUSTFLAGS",
        "CARGO_BUILD_TARGET",
        "CARGO_TARGET_DIR",
        "CARGO_BUILD_TARGET_DIR",
        "RUSTC_WORKSPACE_WRAPPER",
    ] {
        cargo.env_remove(variable);
    }
    cargo
}

fn compile(judges: &[&str], root: &Path, out: &Path) -> Result<()> {
    let mut cargo = nested_cargo(root);
    cargo
        .args([
            "build",
            "--locked",
            "--target",
            TARGET,
            "--profile",
            PROFILE,
        ])
        .arg("--target-dir")
        .arg(out.join("plugins"));
    for judge in judges {
        cargo.args(["--package", &format!("tribunal-judge-{judge}")]);
    }
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags(root));
    let built = cargo.output()?;
    if built.status.success() {
        return Ok(());
    }
    for line in String::from_utf8_lossy(&built.stderr).lines() {
        println!("cargo::warning={line}");
    }
    let command = format!(
        "cargo build --target {TARGET} --package tribunal-judge-{}",
        judges.join(" --package tribunal-judge-")
    );
    Err(format!("the built-in judges could not be built; see for yourself: {command}").into())
}

/// SIMD for the line scanners.
fn flags(root: &Path) -> String {
    let mut flags = vec!["-Ctarget-feature=+simd128".to_owned()];
    flags.extend(remapped(root));
    flags.join("\u{1f}")
}

/// No path of this machine, so that the same source gives the same bytes.
fn remapped(root: &Path) -> Vec<String> {
    let remap = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    let mut flags = vec![remap(root, ".")];
    if let Some(home) = env::var_os("CARGO_HOME") {
        flags.push(remap(Path::new(&home), "cargo"));
    }
    flags
}

fn componentize(core: &Path) -> Result<Vec<u8>> {
    let name = core.display();
    let module = fs::read(core).map_err(|error| format!("{name} cannot be read: {error}"))?;
    let component = ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| format!("{name} does not become a component: {error:#}"))?;
    Ok(component)
}
