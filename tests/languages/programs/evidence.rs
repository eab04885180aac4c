//! A judge of the second tier that fails with the evidence it was given as the name of a case, for the tests to read.

fn main() {
    let evidence = std::env::var("TRIBUNAL_EVIDENCE").expect("tribunal starts it");
    let text = evidence.replace('\\', r"\\").replace('"', r#"\""#);
    println!(
        r#"{{"status":"failed","summary":"see the case","cases":[{{"id":"{text}","status":"failed"}}]}}"#
    );
}
