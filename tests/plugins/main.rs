//! Judges in the sandbox: hostile ones, broken ones, live ones, and the built-in ones.

mod builtin;
mod hostile;
mod kit;
mod living;
mod loading;
mod nonsense;
mod reloading;
