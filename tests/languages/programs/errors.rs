//! A judge of the second tier in Rust, with nothing but std: fails where a line has ERROR in it.

use std::io::BufRead as _;

fn main() {
    let evidence = std::env::var("TRIBUNAL_EVIDENCE").expect("tribunal starts it");
    let ended_well = evidence.contains(r#""ended":{"kind":"exited","code":0}"#);
    let (mut errors, mut lines, mut line) = (0, 0, Vec::new());
    let mut input = std::io::stdin().lock();
    while input.read_until(b'\n', &mut line).expect("readable") > 0 {
        lines += 1;
        errors += u32::from(line.windows(5).any(|word| word == b"ERROR"));
        line.clear();
    }
    let status = if ended_well && errors == 0 {
        "passed"
    } else {
        "failed"
    };
    println!(r#"{{"status":"{status}","summary":"{errors} errors in {lines} lines"}}"#);
}
