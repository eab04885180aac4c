//! The program in the pod: `seal run` starts the suite, `seal keeper` keeps what it writes.

fn main() {}
