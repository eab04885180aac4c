//! Suites as Kubernetes Jobs.

mod diagnose;
mod drain;
mod manifest;
