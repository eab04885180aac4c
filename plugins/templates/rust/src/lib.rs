//! {{name}}: passes when the last line of the output is ALL GOOD.

use tribunal_sdk::{
    Channel, EndState, Error, Info, Judge, Log, Status, Verdict, describe_end, evidence,
    export_judge,
};

struct AllGood;

impl Judge for AllGood {
    fn info() -> Info {
        Info {
            name: "{{name}}".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            description: "Passes when the last line is ALL GOOD.".to_owned(),
            config_schema: None,
        }
    }

    fn judge() -> Result<Verdict, Error> {
        let mut last = Vec::new();
        Log::open(Channel::Combined).each_line(|line| {
            if !line.bytes.is_empty() {
                // In place: a vector for each line would cost more than all the rest.
                last.clear();
                last.extend_from_slice(line.bytes);
            }
        });
        Ok(decide(&last, &evidence::ended()))
    }
}

export_judge!(AllGood);

/// A function of plain values: `cargo test` needs no WebAssembly.
fn decide(last: &[u8], end: &EndState) -> Verdict {
    let (status, summary) = if !matches!(end, EndState::Exited(0)) {
        (Status::Failed, describe_end(end))
    } else if last != b"ALL GOOD" {
        (Status::Failed, "the last line is not ALL GOOD".to_owned())
    } else {
        (Status::Passed, "all good".to_owned())
    };
    Verdict {
        status,
        summary,
        counts: None,
        extra: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_words_pass() {
        assert_eq!(decide(b"ALL GOOD", &EndState::Exited(0)).status, Status::Passed);
        assert_eq!(decide(b"ALL GOOD", &EndState::Exited(1)).status, Status::Failed);
        assert_eq!(decide(b"all bad", &EndState::Exited(0)).status, Status::Failed);
    }
}
