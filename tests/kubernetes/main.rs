//! Suites as Jobs of a real cluster. `make test-cluster` starts one; without `KUBECONFIG_TRIBUNAL_TEST` every
//! test says loudly that it was skipped.

#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "shared with the tests of the command line")]
mod support;

mod bad_input;
mod cancel;
mod capture;
mod doctor;
mod ends;
mod example;
mod faults;
mod job;
mod kubelet;
mod proxy;
mod random;
mod restarts;
mod rig;
mod sealed;
