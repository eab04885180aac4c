//! Judges in the sandbox: hostile ones, broken ones, live ones, and the built-in ones.

#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "the battery needs little of it")]
mod support;

mod adapting;
mod battery;
mod builtin;
mod commands;
mod compiling;
mod hostile;
mod kit;
mod living;
mod loading;
mod nonsense;
mod reloading;
mod schemas;
mod trying;
mod waiting;
