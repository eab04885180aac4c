//! Changes to bytes: single ones, lines, and pieces of other recorded bytes.

use crate::dice::Dice;

/// The longest input; what is longer is cut.
const LONGEST: usize = 200_000;
/// Numbers and signs at which parsers break.
const TOKENS: [&str; 24] = [
    "0",
    "-1",
    "1",
    "99999999999999999999",
    "18446744073709551615",
    "4294967296",
    "1e309",
    "NaN",
    "\u{1b}[31m",
    "\u{1b}]0;t\u{7}",
    "\r",
    "\r\n",
    "\0",
    "\u{feff}",
    "ä",
    "🎉",
    "\"",
    "{",
    "}",
    "]",
    "<",
    "&#0;",
    " ... ok",
    "]]>",
];

/// Changes bytes in place, once to a few times. `others` are bytes of the same kind.
pub(crate) fn mutate(bytes: &mut Vec<u8>, others: &[&[u8]], dice: &mut Dice) {
    for _ in 0..=dice.below(4) {
        once(bytes, others, dice);
    }
    bytes.truncate(LONGEST);
}

fn once(bytes: &mut Vec<u8>, others: &[&[u8]], dice: &mut Dice) {
    let at = dice.below(bytes.len() + 1);
    match dice.below(11) {
        0 => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << dice.below(8);
            }
        }
        1 => bytes.insert(at, dice.next().to_le_bytes()[0]),
        2 => {
            if at < bytes.len() {
                bytes.remove(at);
            }
        }
        3 => bytes.truncate(at),
        4 => drop(bytes.drain(..at)),
        5 => {
            let token = dice.pick(&TOKENS).map_or("", |token| *token);
            bytes.splice(at..at, token.bytes());
        }
        6 => {
            // A number becomes another one.
            let start = bytes
                .iter()
                .skip(at)
                .position(u8::is_ascii_digit)
                .map(|more| at + more);
            if let Some(start) = start {
                let length = bytes
                    .iter()
                    .skip(start)
                    .take_while(|byte| byte.is_ascii_digit())
                    .count();
                let number = dice.pick(&TOKENS[..6]).map_or("", |token| *token);
                bytes.splice(start..start + length, number.bytes());
            }
        }
        7 => {
            // A line again, somewhere.
            let line = line_at(bytes, at);
            let copy = bytes.get(line).unwrap_or_default().to_vec();
            let to = start_of_line(bytes, dice.below(bytes.len() + 1));
            bytes.splice(to..to, copy);
        }
        8 => {
            let line = line_at(bytes, at);
            drop(bytes.drain(line));
        }
        9 => {
            // A piece of another one.
            let other = dice.pick(others).copied().unwrap_or_default();
            let from = start_of_line(other, dice.below(other.len() + 1));
            let length = dice.below((other.len() - from).min(4_000) + 1);
            let piece = other.get(from..from + length).unwrap_or_default().to_vec();
            let to = start_of_line(bytes, at);
            bytes.splice(to..to, piece);
        }
        _ => {
            let copy = bytes.get(at..).unwrap_or_default().to_vec();
            bytes.extend(copy);
        }
    }
}

fn start_of_line(bytes: &[u8], at: usize) -> usize {
    let before = bytes.get(..at).unwrap_or_default();
    before
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |newline| newline + 1)
}

fn line_at(bytes: &[u8], at: usize) -> std::ops::Range<usize> {
    let start = start_of_line(bytes, at);
    let rest = bytes.get(start..).unwrap_or_default();
    let length = rest
        .iter()
        .position(|byte| *byte == b'\n')
        .map_or(rest.len(), |newline| newline + 1);
    start..start + length
}
