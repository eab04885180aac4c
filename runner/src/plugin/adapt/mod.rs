//! Core modules become components here, so that authors need a compiler and nothing else.
//!
//! Whatever a compiler leaves is taken: a module that carries the contract in a custom section or not, that
//! exports the functions of a judge (a reactor) or is a program, with preview 1 of WASI or without. The adapter
//! (`adapter.wat`) gives preview 1 a meaning inside the sandbox.

use wasmparser::{Parser, Payload};

use super::clean;
use super::error::Problem;
use super::load::{CONTRACT, Surface, needing};

mod encode;
pub(super) mod stdio;

pub(super) use encode::{WIT, missing};

use encode::PREVIEW1;

/// What a core module asks for and offers.
#[derive(Default)]
struct Module {
    /// Module and name of every import.
    imports: Vec<(String, String)>,
    exports: Vec<String>,
    /// Whether it says in a custom section what it is.
    described: bool,
}

impl Module {
    fn of(bytes: &[u8]) -> Result<Self, Problem> {
        let damaged = |error: wasmparser::BinaryReaderError| {
            Problem::Damaged(clean::line(&error.to_string(), 300))
        };
        let mut module = Self::default();
        for payload in Parser::new(0).parse_all(bytes) {
            match payload.map_err(damaged)? {
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import.map_err(damaged)?;
                        let names = (import.module.to_owned(), import.name.to_owned());
                        module.imports.push(names);
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        module
                            .exports
                            .push(export.map_err(damaged)?.name.to_owned());
                    }
                }
                Payload::CustomSection(section) => {
                    module.described |= section.name().starts_with("component-type");
                }
                _ => {}
            }
        }
        Ok(module)
    }

    /// The interfaces it names, for the same checks that components get.
    fn surface(&self) -> Surface {
        let interface = |name: &str| name.split('#').next().unwrap_or(name).to_owned();
        let imports = self.imports.iter().filter_map(|(module, name)| {
            let ours = module.contains(':') && !module.starts_with('[');
            match module.as_str() {
                PREVIEW1 => None,
                // What the component model itself provides.
                _ if module.starts_with('[') || module.starts_with("cm32p2|[") => None,
                _ if ours => Some(module.trim_start_matches("cm32p2|").to_owned()),
                _ => Some(format!("{module}.{name}")),
            }
        });
        let exports = self.exports.iter().filter(|name| name.contains('/'));
        Surface {
            imports: imports.collect(),
            exports: exports.map(|name| interface(name)).collect(),
        }
    }

    /// What it imports of the contract that is not in it here: `evidence.search`.
    fn missing(&self) -> Option<Vec<String>> {
        let used = self.imports.iter().filter_map(|(module, name)| {
            let (_, interface) = module.split_once("tribunal:judge/")?;
            let interface = interface.split('@').next()?;
            // Handles are given back by the component model itself.
            (!name.starts_with("[resource-")).then(|| encode::function(interface, name))
        });
        encode::unknown(used)
    }

    fn is_judge(&self) -> bool {
        let judge = |name: &String| name.contains("tribunal:judge/plugin@");
        self.exports.iter().any(judge)
    }

    fn is_program(&self) -> bool {
        self.exports.iter().any(|name| name == "_start")
    }

    fn wants_preview1(&self) -> bool {
        self.imports.iter().any(|(module, _)| module == PREVIEW1)
    }

    /// The patch version of the contract that it names, like `0.1.3`.
    fn contract_version(&self) -> Option<&str> {
        let imports = self.imports.iter().map(|(module, _)| module);
        let mut names = imports.chain(&self.exports);
        names.find_map(|name| {
            let (_, rest) = name.split_once("tribunal:judge/")?;
            let (_, version) = rest.split_once('@')?;
            version.split('#').next()
        })
    }
}

/// Makes a component of a core module.
///
/// # Errors
/// Says what it imports that no judge may, or what it lacks to be a judge or a program.
pub(super) fn componentize(bytes: &[u8]) -> Result<Vec<u8>, Problem> {
    let module = Module::of(bytes)?;
    let surface = module.surface();
    surface
        .check()
        .map_err(|problem| needing(problem, module.missing()))?;
    let is_judge = module.is_judge();
    if !is_judge && !module.is_program() {
        return Err(Problem::NotAComponent(
            "it is a core module that exports neither the functions of a judge (tribunal:judge/plugin) nor \
             `_start`: export them, or build a program; Go wants -buildmode=c-shared, C -mexec-model=reactor"
                .to_owned(),
        ));
    }
    let shape = encode::Shape {
        is_judge,
        wants_preview1: module.wants_preview1(),
        contract: (is_judge && !module.described)
            .then(|| module.contract_version().unwrap_or("0.1.0").to_owned()),
    };
    encode::encode(bytes, &shape).map_err(|why| Problem::Misfit {
        contract: CONTRACT,
        why: clean::line(&why, 600),
    })
}
