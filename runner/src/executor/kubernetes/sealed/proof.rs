//! What a spool that was read to its end proves, with the word that the main container itself left.

use tribunal_seal::wire::{End, LastWord, Proof, Summary};

use crate::model::Completeness;

/// What the main container's `state.terminated` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct MainEnd {
    /// Its termination message: no log is in between.
    pub(in super::super) message: String,
    /// Its exit code; `None` where the node lost it.
    pub(in super::super) code: Option<i32>,
}

/// Rules. `main`: `None` where no end of the main container was seen. The text is empty where all is well.
pub(super) fn rule(
    proof: &Proof,
    summary: &Summary,
    main: Option<&MainEnd>,
) -> (Completeness, String) {
    if let Proof::Incomplete(reasons) = proof {
        let cut = reasons.iter().all(|reason| reason.contains("held open"));
        let completeness = if cut {
            Completeness::Cut
        } else {
            Completeness::Gap
        };
        return (completeness, reasons.join("; "));
    }
    let unconfirmed = |why: &str| {
        let note = format!("the keeper counted and hashed all of it, but {why}");
        (Completeness::Unverified, note)
    };
    let Some(main) = main else {
        return unconfirmed("the end of the main container was never seen");
    };
    match LastWord::parse(&main.message) {
        Some(LastWord::Whole(told)) if told == *summary => {
            match (exit_code(&summary.end), main.code) {
                (Some(code), Some(found)) if code != found => unconfirmed(&format!(
                    "the container ended with {found} where the suite ended with {code}"
                )),
                _ => (Completeness::Proven, String::new()),
            }
        }
        Some(LastWord::Whole(told)) => {
            let note = format!(
                "the termination message counts {} and {} bytes where the keeper counts {} and {}, or differs in a \
                 digest",
                told.streams[0].bytes,
                told.streams[1].bytes,
                summary.streams[0].bytes,
                summary.streams[1].bytes
            );
            (Completeness::Gap, note)
        }
        // The whole container was killed: nobody was left to write a message, and the FIFOs were read to their end.
        None if summary.end == End::Vanished && main.message.trim().is_empty() => {
            (Completeness::Proven, String::new())
        }
        Some(LastWord::Lost { reason, .. } | LastWord::Failed(reason)) => {
            unconfirmed(&format!("the seal did not hear of it: {reason}"))
        }
        None => unconfirmed("the main container left no word that confirms it"),
    }
}

/// What a container whose suite ended like this exits with.
fn exit_code(end: &End) -> Option<i32> {
    match end {
        End::Exited(code) | End::NotStarted(code) => Some(code & 0xff),
        End::Signaled(signal) => Some(128 + signal),
        End::Vanished | End::NeverBegun => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tribunal_seal::wire::{Hasher, StreamState, StreamTotal};

    fn summary(end: End) -> Summary {
        let total = StreamTotal {
            bytes: 0,
            state: StreamState::Whole,
            digest: Hasher::default().digest(),
        };
        Summary {
            end,
            streams: [total, total],
            files: 0,
            spool: 400,
            note: String::new(),
        }
    }

    fn ruled(end: End, message: &str, code: i32) -> Completeness {
        let main = MainEnd {
            message: message.to_owned(),
            code: Some(code),
        };
        rule(&Proof::Proven, &summary(end), Some(&main)).0
    }

    #[test]
    fn an_exit_status_that_the_node_lost_contradicts_nothing() {
        let lost = |message: String| {
            let main = MainEnd {
                message,
                code: None,
            };
            rule(&Proof::Proven, &summary(End::Exited(0)), Some(&main)).0
        };
        let line = summary(End::Exited(0)).line();
        assert_eq!(lost(line), Completeness::Proven);
        let other = summary(End::Exited(1)).line();
        assert_eq!(lost(other), Completeness::Gap);
        assert_eq!(lost(String::new()), Completeness::Unverified);
    }

    #[test]
    fn both_words_must_agree() {
        let line = summary(End::Exited(0)).line();
        assert_eq!(ruled(End::Exited(0), &line, 0), Completeness::Proven);
        let other = summary(End::Exited(1)).line();
        assert_eq!(ruled(End::Exited(0), &other, 0), Completeness::Gap);
        let longer = line.replace("stdout=0", "stdout=7");
        assert_eq!(ruled(End::Exited(0), &longer, 0), Completeness::Gap);
    }

    #[test]
    fn what_is_not_confirmed_is_not_proven() {
        let line = summary(End::Exited(0)).line();
        assert_eq!(ruled(End::Exited(0), &line, 137), Completeness::Unverified);
        assert_eq!(ruled(End::Exited(0), "", 0), Completeness::Unverified);
        let lost = "tribunal-seal/1 lost end=exit:0 the keeper was lost";
        assert_eq!(ruled(End::Exited(0), lost, 0), Completeness::Unverified);
        let unseen = rule(&Proof::Proven, &summary(End::Exited(0)), None).0;
        assert_eq!(unseen, Completeness::Unverified);
    }

    #[test]
    fn a_container_that_was_killed_whole_leaves_no_word_and_needs_none() {
        assert_eq!(ruled(End::Vanished, "", 137), Completeness::Proven);
        let said = "a word of somebody";
        assert_eq!(ruled(End::Vanished, said, 137), Completeness::Unverified);
    }

    #[test]
    fn what_the_keeper_itself_calls_incomplete_is() {
        let gap = Proof::Incomplete(vec!["stdout lost bytes".to_owned()]);
        assert_eq!(
            rule(&gap, &summary(End::Exited(0)), None).0,
            Completeness::Gap
        );
        let cut = Proof::Incomplete(vec!["stdout was still held open when".to_owned()]);
        assert_eq!(
            rule(&cut, &summary(End::Exited(0)), None).0,
            Completeness::Cut
        );
    }
}
