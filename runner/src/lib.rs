//! tribunal runs a pipeline of parallel test suites, loses no line of their output, and lets
//! WebAssembly judges decide each verdict.
//!
//! The rooms, in the order a suite walks through them:
//!
//! ```text
//! pipeline.toml ─ config ─▶ plan ─▶ run ─▶ executor ──bytes──▶ capture ─▶ judge ─▶ verdict
//!                                    │        └─ termination ──────────────┘          │
//!                                    └────────────── event ──▶ report ◀──────────────┘
//! ```
//!
//! `ARCHITECTURE.md` in the repository is the map.

pub mod archive;
pub mod capture;
pub mod changes;
pub mod cli;
pub mod config;
pub mod event;
pub mod executor;
pub mod history;
pub mod judge;
pub mod model;
pub mod os;
pub mod plan;
pub mod plugin;
pub mod report;
pub mod run;
