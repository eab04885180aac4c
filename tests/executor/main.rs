//! The contract of the local executor, kept with real processes.

mod ending;
mod leftovers;
mod output;
mod rig;
mod scale;
mod starting;
