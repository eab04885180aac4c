//! An output in UTF-16, as `>` of Windows PowerShell makes it of any tool's: nothing of it can be read, and that is
//! what the verdict says, with the cure.

use tribunal_judge_kit::testing::{Input, status_word, whole};
use tribunal_judges::FORMATS;
use tribunal_sdk::{EndState, Status};

fn utf16(bytes: &[u8], big: bool) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes);
    let marked = std::iter::once('\u{feff}').chain(text.chars());
    let mut units = [0; 2];
    marked
        .flat_map(|one| one.encode_utf16(&mut units).to_vec())
        .flat_map(|unit| {
            if big {
                unit.to_be_bytes()
            } else {
                unit.to_le_bytes()
            }
        })
        .collect()
}

#[test]
fn a_green_run_in_utf16_is_an_error_that_says_so() {
    for format in FORMATS {
        let fixtures = format.fixtures();
        // What is read from files alone is XML, which may be UTF-16, or JSON, which is not.
        let green = fixtures
            .iter()
            .find(|one| one.expect.status == "passed" && one.artifacts.is_empty());
        if matches!(format.name, "junit" | "trx" | "ctrf") {
            continue;
        }
        let green = green.expect(format.name);
        for big in [false, true] {
            let (stdout, stderr) = (utf16(&green.stdout, big), utf16(&green.stderr, big));
            let judge = |code| {
                let input = Input {
                    stdout: &stdout,
                    stderr: &stderr,
                    artifacts: &[],
                    end: &EndState::Exited(code),
                    capture: &whole(),
                    chunk: 7,
                };
                (format.subject)(&input).verdict
            };
            let verdict = judge(0);
            let (status, summary) = (status_word(verdict.status), verdict.summary);
            assert_eq!(status, "errored", "{}: {summary}", format.name);
            assert!(
                summary.contains("iconv -f UTF-16"),
                "{}: {summary}",
                format.name
            );
            let verdict = judge(1);
            assert_eq!(verdict.status, Status::Failed, "{}", verdict.summary);
        }
    }
}
