//! The binary, as a user meets it: output, exit codes, stored runs, bad input, signals.

#[path = "../support/mod.rs"]
mod support;

mod bad_input;
mod ci;
mod commands;
mod examples;
mod hostile;
mod runs;
mod signals;
