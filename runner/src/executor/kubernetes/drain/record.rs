//! Records of a log body: `<RFC 3339 with fraction> <content>` and a line feed.

/// A runtime cuts lines here; kubelets before 1.20 put a timestamp at every cut (kubernetes/kubernetes#77603).
const CHUNK: usize = 16 * 1024;

/// One record. `content` has its line feed, where there was one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record<'a> {
    /// Seconds since the epoch and nanoseconds; `None`: text without a timestamp.
    pub(super) time: Option<(i64, u32)>,
    /// The line without its timestamp.
    pub(super) content: &'a [u8],
}

/// Splits one line (with its line feed, where there is one).
pub(super) fn parse(line: &[u8]) -> Record<'_> {
    match timestamp(line) {
        Some((time, len)) => Record {
            time: Some(time),
            content: &line[len..],
        },
        None => Record {
            time: None,
            content: line,
        },
    }
}

/// The content of a record without the timestamps that old kubelets put at every 16 KiB of a line; borrowed
/// pieces in order.
pub(super) fn pieces(mut content: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        if content.is_empty() {
            return None;
        }
        if content.len() > CHUNK
            && let Some((_, len)) = timestamp(&content[CHUNK..])
        {
            let (piece, rest) = content.split_at(CHUNK);
            content = &rest[len..];
            return Some(piece);
        }
        Some(std::mem::take(&mut content))
    })
}

/// A timestamp and the space after it: its time and the length of both. Reads `Z` and `±hh:mm`, and no
/// fraction or one of 1 to 9 digits.
fn timestamp(line: &[u8]) -> Option<((i64, u32), usize)> {
    let digits = |from: usize, len: usize| -> Option<i64> {
        let text = line.get(from..from + len)?;
        text.iter().try_fold(0_i64, |sum, byte| {
            byte.is_ascii_digit()
                .then(|| sum * 10 + i64::from(byte - b'0'))
        })
    };
    let is = |at: usize, byte: u8| line.get(at) == Some(&byte);
    if !(is(4, b'-') && is(7, b'-') && is(10, b'T') && is(13, b':') && is(16, b':')) {
        return None;
    }
    let (year, month, day) = (digits(0, 4)?, digits(5, 2)?, digits(8, 2)?);
    let (hour, minute, second) = (digits(11, 2)?, digits(14, 2)?, digits(17, 2)?);
    if !(1..=12).contains(&month)
        || !(1..=31).contains(&day)
        || hour > 23
        || minute > 59
        || second > 60
    {
        return None;
    }
    let mut at = 19;
    let mut nanos = 0_u32;
    if is(at, b'.') {
        at += 1;
        let begin = at;
        while at - begin < 9 && line.get(at).is_some_and(u8::is_ascii_digit) {
            nanos = nanos * 10 + u32::from(line[at] - b'0');
            at += 1;
        }
        if at == begin {
            return None;
        }
        nanos *= 10_u32.pow(9 - u32::try_from(at - begin).ok()?);
    }
    let offset = match line.get(at)? {
        b'Z' => {
            at += 1;
            0
        }
        sign @ (b'+' | b'-') if is(at + 3, b':') => {
            let minutes = digits(at + 1, 2)? * 60 + digits(at + 4, 2)?;
            at += 6;
            if *sign == b'-' {
                -minutes * 60
            } else {
                minutes * 60
            }
        }
        _ => return None,
    };
    if !is(at, b' ') {
        return None;
    }
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    Some(((seconds, nanos), at + 1))
}

/// Days since 1970-01-01 in the Gregorian calendar: years begin in March, so that the leap day is last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Cuts a body into lines; a line may come in many chunks.
#[derive(Debug, Default)]
pub(super) struct Lines {
    rest: Vec<u8>,
}

impl Lines {
    /// Hands every whole line of `chunk` to `each`.
    pub(super) fn push(&mut self, mut chunk: &[u8], mut each: impl FnMut(&[u8])) {
        if !self.rest.is_empty() {
            let Some(end) = memchr::memchr(b'\n', chunk) else {
                self.rest.extend_from_slice(chunk);
                return;
            };
            self.rest.extend_from_slice(&chunk[..=end]);
            each(&self.rest);
            self.rest.clear();
            chunk = &chunk[end + 1..];
        }
        let mut from = 0;
        for end in memchr::memchr_iter(b'\n', chunk) {
            each(&chunk[from..=end]);
            from = end + 1;
        }
        self.rest.extend_from_slice(&chunk[from..]);
    }

    /// What stands after the last line feed.
    pub(super) fn rest(&self) -> &[u8] {
        &self.rest
    }
}
