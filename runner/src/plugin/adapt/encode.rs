//! The library that links modules into components, and the contract's text for it.

use std::collections::BTreeSet;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use super::super::clean;

const REACTOR: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/adapter-reactor.wasm"));
const COMMAND: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/adapter-command.wasm"));
/// The contract's text.
pub(in super::super) const WIT: &str = include_str!("../../../../wit/judge.wit");
/// The module that preview 1 is imported from.
pub(super) const PREVIEW1: &str = "wasi_snapshot_preview1";

/// What is known of a core module.
pub(super) struct Shape {
    /// It exports the functions of a judge; else it is a program.
    pub(super) is_judge: bool,
    pub(super) wants_preview1: bool,
    /// The contract's version, where the module does not carry the contract itself.
    pub(super) contract: Option<String>,
}

/// Makes a component.
///
/// # Errors
/// The library's words.
pub(super) fn encode(module: &[u8], shape: &Shape) -> Result<Vec<u8>, String> {
    let words = |error: &dyn std::fmt::Display| format!("{error:#}");
    let mut module = module.to_vec();
    if let Some(version) = &shape.contract {
        let (resolve, package) = contract(version)?;
        let world = resolve
            .select_world(&[package], Some("judge"))
            .map_err(|error| words(&error))?;
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
            .map_err(|error| words(&error))?;
    }
    // Validated: what it says comes from an untrusted file.
    let mut encoder = ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .map_err(|error| words(&error))?;
    if shape.wants_preview1 || !shape.is_judge {
        let adapter = if shape.is_judge { REACTOR } else { COMMAND };
        encoder = encoder
            .adapter(PREVIEW1, adapter)
            .map_err(|error| words(&error))?;
    }
    encoder.encode().map_err(|error| words(&error))
}

fn contract(version: &str) -> Result<(Resolve, wit_parser::PackageId), String> {
    let text = WIT.replacen("@0.1.0;", &format!("@{version};"), 1);
    let mut resolve = Resolve::default();
    let package = resolve
        .push_str("judge.wit", &text)
        .map_err(|error| format!("{error:#}"))?;
    Ok((resolve, package))
}

/// What a component imports of the contract, by function, that is not in it here: `evidence.search`.
pub(in super::super) fn missing(component: &[u8]) -> Option<Vec<String>> {
    let decoded = wit_component::decode(component).ok()?;
    unknown(functions(decoded.resolve()))
}

/// Which of these functions are not in the contract here; the first five.
pub(super) fn unknown(theirs: impl IntoIterator<Item = String>) -> Option<Vec<String>> {
    let (resolve, _) = contract("0.1.0").ok()?;
    let ours = functions(&resolve);
    let missing: BTreeSet<String> = theirs
        .into_iter()
        .filter(|name| !ours.contains(name))
        .collect();
    let quoted = |name: String| format!("`{}`", clean::line(&name, 100));
    Some(missing.into_iter().take(5).map(quoted).collect())
}

/// A function of the contract for people: `evidence.log.search` of `[method]log.search`.
pub(super) fn function(interface: &str, name: &str) -> String {
    let name = name.split_once(']').map_or(name, |(_, name)| name);
    format!("{interface}.{name}")
}

/// The functions of all interfaces of the contract's package.
fn functions(resolve: &Resolve) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (_, interface) in &resolve.interfaces {
        let package = interface.package.map(|id| &resolve.packages[id].name);
        let ours = package.is_some_and(|name| name.namespace == "tribunal" && name.name == "judge");
        if let (true, Some(name)) = (ours, &interface.name) {
            let functions = interface.functions.keys();
            found.extend(functions.map(|found| function(name, found)));
        }
    }
    found
}
