//! Lists the files of `plugins/templates/`, to be embedded: what `tribunal plugin new` writes.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::Result;

/// Folders and files that building a template in place leaves behind.
const LEFTOVERS: [&str; 8] = [
    "target",
    "node_modules",
    "__pycache__",
    ".zig-cache",
    "zig-out",
    ".venv",
    ".tribunal",
    "wit_world",
];

/// Writes `templates.rs` into `out`: language, path below it, content.
pub(super) fn build(root: &Path, out: &Path) -> Result<()> {
    let folder = root.join("plugins/templates");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut table = String::from(
        "/// Language, path below its folder, and content of every file of every template, sorted.\n\
         pub(super) const FILES: &[(&str, &str, &str)] = &[\n",
    );
    let mut found = Vec::new();
    walk(&folder, &mut found)?;
    found.sort();
    // The Rust template brings the SDK along, as it is no crate of a registry.
    let sdk = root.join("plugins/sdk/src");
    let mut sources = Vec::new();
    walk(&sdk, &mut sources)?;
    sources.sort();
    for path in sources {
        let below = path.strip_prefix(&sdk)?.display().to_string();
        let (name, path) = (
            format!("tribunal-sdk/src/{below}"),
            path.display().to_string(),
        );
        writeln!(table, "    (\"rust\", {name:?}, include_str!({path:?})),")?;
    }
    for path in found {
        let below = path.strip_prefix(&folder)?;
        let mut parts = below.iter();
        let language = parts.next().unwrap_or_default().to_string_lossy();
        let name = parts.as_path().to_string_lossy().into_owned();
        // A file beside the languages is none of theirs.
        if name.is_empty() {
            continue;
        }
        let path = path.display().to_string();
        writeln!(
            table,
            "    ({language:?}, {name:?}, include_str!({path:?})),"
        )?;
    }
    table.push_str("];\n");
    fs::write(out.join("templates.rs"), table)?;
    Ok(())
}

fn walk(folder: &Path, found: &mut Vec<std::path::PathBuf>) -> Result<()> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(());
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        if LEFTOVERS.iter().any(|leftover| name == *leftover) {
            continue;
        }
        let path = entry.path();
        if path.is_dir() {
            walk(&path, found)?;
        } else if path.extension().is_none_or(|extension| extension != "wasm") {
            found.push(path);
        }
    }
    Ok(())
}
