//! Builds the seals inside the binary: the program of `seal/`, static, for each architecture of a node.
//!
//! rust-lld links them on any host, so a fresh clone needs no cross compiler, only two targets of rustup.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::{Result, check_target, nested_cargo};

/// How Kubernetes names an architecture (`kubernetes.io/arch`), and rustc's target for it.
const SEALS: [(&str, &str); 2] = [
    ("amd64", "x86_64-unknown-linux-musl"),
    ("arm64", "aarch64-unknown-linux-musl"),
];
const PROFILE: &str = "seal";
/// Bytes. A `ConfigMap` may have 1 MiB, and base64 makes four of every three.
const LARGEST: usize = 700_000;

/// Writes `seals.rs` to `out`: a constant `SEALS` of names and programs.
pub(super) fn build(root: &Path, out: &Path) -> Result<()> {
    // docs.rs has neither the targets nor a need for the program.
    let seals: &[_] = if env::var_os("DOCS_RS").is_some() {
        &[]
    } else {
        &SEALS
    };
    let target_dir = out.join("seals");
    if !seals.is_empty() {
        for (_, target) in seals {
            check_target(target, "the seal of Kubernetes pods needs")?;
        }
        compile(root, &target_dir)?;
    }
    let mut table = String::from(
        "/// The program for sealed pods: how Kubernetes names the architecture, and the file.\n",
    );
    table.push_str("pub(super) const SEALS: &[(&str, &[u8])] = &[\n");
    for (name, target) in seals {
        let program = target_dir.join(target).join(PROFILE).join("seal");
        let size = fs::metadata(&program)
            .map_err(|error| format!("{} cannot be read: {error}", program.display()))?
            .len();
        if size > LARGEST as u64 {
            return Err(format!(
                "the seal for {name} has {size} bytes and may have {LARGEST}: see what made it grow"
            )
            .into());
        }
        let path = program.display().to_string();
        writeln!(table, "    ({name:?}, include_bytes!({path:?})),")?;
    }
    table.push_str("];\n");
    fs::write(out.join("seals.rs"), table)?;
    Ok(())
}

fn compile(root: &Path, target_dir: &Path) -> Result<()> {
    let mut cargo = nested_cargo(root);
    cargo
        .args(["build", "--locked", "--profile", PROFILE])
        .args(["--package", "tribunal-seal", "--bin", "seal"])
        .arg("--target-dir")
        .arg(target_dir);
    for (_, target) in SEALS {
        cargo.args(["--target", target]);
        let name = target.to_uppercase().replace('-', "_");
        cargo.env_remove(format!("CARGO_TARGET_{name}_LINKER"));
        cargo.env_remove(format!("CARGO_TARGET_{name}_RUSTFLAGS"));
    }
    // Equal functions once: it must be small.
    let linker = [
        "-Clinker=rust-lld",
        "-Clinker-flavor=ld.lld",
        "-Clink-arg=--icf=all",
    ]
    .map(str::to_owned);
    let flags: Vec<String> = linker.into_iter().chain(super::remapped(root)).collect();
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    let built = cargo.output()?;
    if built.status.success() {
        return Ok(());
    }
    for line in String::from_utf8_lossy(&built.stderr).lines() {
        println!("cargo::warning={line}");
    }
    let (_, target) = SEALS[0];
    Err(format!(
        "the seal of Kubernetes pods could not be built; see for yourself: RUSTFLAGS='-Clinker=rust-lld \
         -Clinker-flavor=ld.lld' cargo build --package tribunal-seal --profile {PROFILE} --target {target}"
    )
    .into())
}
