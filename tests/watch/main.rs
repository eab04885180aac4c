//! Judges, pipelines and sources that change while tribunal runs or stays; judging again; the lock.

#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "other programs use the rest")]
mod support;

mod lock;
mod rejudge;
mod reload;
mod rig;
mod staying;
