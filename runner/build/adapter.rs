//! Assembles our preview-1 adapter twice: for modules that export functions and for programs.

use std::fs;
use std::path::Path;

use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use super::Result;

/// Writes `reactor.wasm` and `command.wasm` into `out`.
pub(super) fn build(runner: &Path, out: &Path) -> Result<()> {
    let folder = runner.join("src/plugin/adapt");
    let read = |name: &str| {
        let path = folder.join(name);
        println!("cargo::rerun-if-changed={}", path.display());
        fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let (adapter, command, wit) = (
        read("adapter.wat")?,
        read("command.wat")?,
        read("adapter.wit")?,
    );
    let (imports, functions) = command
        .split_once(";; ---")
        .ok_or("command.wat has no `;; ---`")?;
    let program = adapter
        .replace(";; COMMAND IMPORTS", imports)
        .replace(";; COMMAND", functions);
    let mut resolve = Resolve::default();
    let package = resolve
        .push_str("adapter.wit", &wit)
        .map_err(|error| format!("adapter.wit: {error:#}"))?;
    for (world, text) in [("reactor", &adapter), ("command", &program)] {
        let mut module = wat::parse_str(text).map_err(|error| format!("{world}: {error}"))?;
        let world_id = resolve
            .select_world(&[package], Some(world))
            .map_err(|error| format!("{world}: {error:#}"))?;
        embed_component_metadata(&mut module, &resolve, world_id, StringEncoding::UTF8)
            .map_err(|error| format!("{world}: {error:#}"))?;
        fs::write(out.join(format!("adapter-{world}.wasm")), module)?;
    }
    Ok(())
}
