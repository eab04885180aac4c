//! Searching an output on behalf of a judge: linear, bounded, and charged to its CPU budget.

use std::io;

use memchr::memchr;
use regex::bytes::{Regex, RegexBuilder};

use super::super::convert::number;
use super::bind::tribunal::judge::evidence::Hit;
use super::log::OpenLog;

/// Bytes of a pattern.
const MAX_PATTERN: usize = 4 << 10;
/// Bytes that a compiled pattern may take.
const MAX_COMPILED: usize = 1 << 20;
/// Hits that one call returns.
const MAX_HITS: u32 = 1_000;
/// Bytes of a hit's text.
const MAX_TEXT: usize = 4096;
/// Of a longer line, so many bytes are looked at.
const MAX_LINE: usize = 1 << 20;
/// After so many chunks of 64 KiB others get a turn, and the CPU budget is looked at.
const CHUNKS_A_TURN: u32 = 16;

/// Compiles a judge's pattern.
///
/// # Errors
/// In words for the judge's author.
pub(super) fn compile(pattern: &str) -> Result<Regex, String> {
    if pattern.len() > MAX_PATTERN {
        return Err(format!("the pattern is longer than {MAX_PATTERN} bytes"));
    }
    RegexBuilder::new(pattern)
        .multi_line(true)
        .size_limit(MAX_COMPILED)
        .dfa_size_limit(MAX_COMPILED)
        .build()
        .map_err(|error| error.to_string())
}

/// Finds the first match of every line from the reading position on, until there are `limit`.
pub(super) async fn search(log: &mut OpenLog, regex: &Regex, limit: u32) -> io::Result<Vec<Hit>> {
    let limit = limit.min(MAX_HITS) as usize;
    let (mut hits, mut chunks) = (Vec::new(), 0_u32);
    while hits.len() < limit {
        if let Some(end) = memchr(b'\n', log.rest()) {
            hits.extend(look(log, regex, end));
            log.consume(end + 1);
            continue;
        }
        if log.rest().len() > MAX_LINE {
            hits.extend(look_at_cut(log, regex));
            skip_line(log, &mut chunks).await?;
            continue;
        }
        take_turns(&mut chunks).await;
        if !log.fill().await? {
            let last = log.rest().len();
            hits.extend(look(log, regex, last).filter(|_| last > 0));
            log.consume(last);
            break;
        }
    }
    Ok(hits)
}

/// Looks at the line that ends `end` bytes from here.
fn look(log: &OpenLog, regex: &Regex, end: usize) -> Option<Hit> {
    let line = log.rest().get(..end)?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    Some(hit(log, line, regex.find(line)?.start()))
}

/// Looks at the beginning of an overlong line. A match that touches the cut may be none: `$` is not there.
fn look_at_cut(log: &OpenLog, regex: &Regex) -> Option<Hit> {
    let line = log.rest().get(..MAX_LINE)?;
    let found = regex.find(line).filter(|found| found.end() < line.len())?;
    Some(hit(log, line, found.start()))
}

async fn skip_line(log: &mut OpenLog, chunks: &mut u32) -> io::Result<()> {
    loop {
        if let Some(end) = memchr(b'\n', log.rest()) {
            log.consume(end + 1);
            return Ok(());
        }
        log.consume(log.rest().len());
        take_turns(chunks).await;
        if !log.fill().await? {
            return Ok(());
        }
    }
}

async fn take_turns(chunks: &mut u32) {
    *chunks += 1;
    if chunks.is_multiple_of(CHUNKS_A_TURN) {
        tokio::task::yield_now().await;
    }
}

fn hit(log: &OpenLog, line: &[u8], start: usize) -> Hit {
    let shown = line.get(..MAX_TEXT).unwrap_or(line);
    let mut text = String::from_utf8_lossy(shown).into_owned();
    text.truncate(text.floor_char_boundary(MAX_TEXT));
    Hit {
        line: number(log.line()),
        offset: number(log.offset() + start as u64),
        text,
    }
}

#[cfg(test)]
mod tests {
    use super::super::log::tests::open;
    use super::*;

    async fn hits(log: &mut OpenLog, pattern: &str, limit: u32) -> Vec<(f64, f64, String)> {
        let regex = compile(pattern).expect("a pattern");
        let hits = search(log, &regex, limit).await.expect("readable");
        hits.into_iter()
            .map(|h| (h.line, h.offset, h.text))
            .collect()
    }

    #[tokio::test]
    async fn one_hit_a_line_with_its_place() {
        let (_dir, mut log) = open(b"ok\r\nFAILED a FAILED b\r\nno\nFAILED c");
        let expected = [
            (2.0, 4.0, "FAILED a FAILED b".to_owned()),
            (4.0, 26.0, "FAILED c".to_owned()),
        ];
        assert_eq!(hits(&mut log, "FAILED", 10).await, expected);
        assert!(hits(&mut log, "FAILED", 10).await.is_empty());
    }

    #[tokio::test]
    async fn the_next_search_goes_on_behind_the_last_hit() {
        let (_dir, mut log) = open(b"x 1\ny\nx 2\nx 3\n");
        assert_eq!(hits(&mut log, "^x", 2).await.len(), 2);
        assert_eq!(
            hits(&mut log, "^x", 2).await,
            [(4.0, 10.0, "x 3".to_owned())]
        );
        assert!(hits(&mut log, "^x", 0).await.is_empty());
    }

    #[tokio::test]
    async fn no_match_spans_lines() {
        let (_dir, mut log) = open(b"a\nb\n");
        assert!(hits(&mut log, r"a\s+b", 1).await.is_empty());
    }

    #[tokio::test]
    async fn an_overlong_line_has_neither_a_false_end_nor_a_false_beginning() {
        let mut bytes = vec![b'x'; 3 * MAX_LINE];
        bytes.extend_from_slice(b"\nend\n");
        let (_dir, mut log) = open(&bytes);
        assert_eq!(hits(&mut log, "x$|^end", 5).await.len(), 1);
        let (_dir, mut log) = open(&bytes);
        let found = hits(&mut log, "^x", 5).await;
        assert_eq!(found.len(), 1);
        assert_eq!(found.first().map(|hit| hit.2.len()), Some(MAX_TEXT));
    }

    #[test]
    fn bad_patterns_are_explained() {
        assert!(compile("(").expect_err("bad").contains("unclosed group"));
        assert!(
            compile("(a{1000}){1000}")
                .expect_err("big")
                .contains("size limit")
        );
        assert!(
            compile(&"a".repeat(5000))
                .expect_err("long")
                .contains("4096 bytes")
        );
    }
}
