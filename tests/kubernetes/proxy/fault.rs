//! What goes wrong.

/// One fault of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The server is not asked; this status, and `Retry-After` seconds.
    Refuse(u16, Option<u32>),
    /// The server is asked, and its answer does not arrive.
    LoseAnswer,
    /// The answer is the last one of its connection.
    Close,
    /// The body breaks off after so many bytes.
    Break(usize),
    /// The body ends after so many bytes, as if that were all.
    End(usize),
    /// The body ends after so many bytes, with words of the kubelet.
    Says(usize, &'static str),
    /// Nothing comes after so many bytes, and the connection stays.
    Stall(usize),
    /// The watch ends with `410 Gone` instead of its event of this number, from 0.
    Expire(usize),
    /// The watch does not tell its event of this number.
    Miss(usize),
    /// The watch tells its event of this number twice.
    Repeat(usize),
    /// The watch tells its event of this number after the next one.
    Swap(usize),
}
