//! The binary, as a user meets it: output, exit codes, stored runs, bad input, signals.

#[path = "../support/mod.rs"]
mod support;

mod bad_input;
mod ci;
mod commands;
mod errors;
mod examples;
mod first_contact;
mod history;
mod hostile;
mod piped;
mod pty;
mod runs;
mod signals;
mod store;
mod terminal;
mod walk;
