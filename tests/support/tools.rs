//! The tools that judges in every language are built with: where they are, and whether.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::skipped;

/// A program of the languages' virtual environment, or of the path.
pub(crate) fn python_tool(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let own = target.join("languages/bin").join(name);
    if own.is_file() {
        own.display().to_string()
    } else {
        name.to_owned()
    }
}

fn works(program: &str, args: &[&str]) -> bool {
    let ran = Command::new(program).args(args).output();
    ran.is_ok_and(|output| output.status.success())
}

fn has_target(target: &str) -> bool {
    let targets = Command::new("rustup")
        .args(["target", "list", "--installed"])
        .output();
    targets.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(target))
}

/// Whether a language's tools are here; says so where they are not.
pub(crate) fn has(language: &str) -> bool {
    let there = match language {
        "rust" => has_target("wasm32-unknown-unknown"),
        "wasm32-wasip1" | "wasm32-wasip2" => has_target(language),
        "node" => works("node", &["--version"]),
        "python" => works(&python_tool("componentize-py"), &["--version"]),
        "js" => works("npm", &["--version"]),
        "go" => works("go", &["version"]),
        _ => works(&python_tool("python"), &["-m", "ziglang", "version"]),
    };
    if !there {
        skipped(&format!(
            "the tools for {language} are not here; run: make setup setup-languages"
        ));
    }
    there
}
