//! The seal and the keeper as real processes: what is written arrives, whoever is killed.

mod artifacts;
mod ends;
mod exact;
mod guard;
mod kills;
mod limits;
mod support;
