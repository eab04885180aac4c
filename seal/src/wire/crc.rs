//! CRC-32 (ISO-HDLC, as in zlib), eight bytes at a time.

/// A checksum in the making.
#[derive(Clone, Copy, Debug)]
pub struct Crc(u32);

const TABLES: [[u32; 256]; 8] = tables();

#[expect(
    clippy::cast_possible_truncation,
    reason = "indices below 256 in a constant"
)]
const fn tables() -> [[u32; 256]; 8] {
    let mut tables = [[0_u32; 256]; 8];
    let mut index = 0;
    while index < 256 {
        let mut value = index as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 {
                0xEDB8_8320 ^ (value >> 1)
            } else {
                value >> 1
            };
            bit += 1;
        }
        tables[0][index] = value;
        index += 1;
    }
    let mut table = 1;
    while table < 8 {
        let mut index = 0;
        while index < 256 {
            let before = tables[table - 1][index];
            tables[table][index] = (before >> 8) ^ tables[0][(before & 0xFF) as usize];
            index += 1;
        }
        table += 1;
    }
    tables
}

impl Default for Crc {
    fn default() -> Self {
        Self(!0)
    }
}

impl Crc {
    /// Takes more bytes in.
    pub fn update(&mut self, bytes: &[u8]) {
        let mut sum = self.0;
        let (eights, rest) = bytes.as_chunks::<8>();
        for eight in eights {
            let (low, high) = (eight[..4].try_into(), eight[4..].try_into());
            let low = sum ^ low.map_or(0, u32::from_le_bytes);
            let high = high.map_or(0, u32::from_le_bytes);
            let at = |table: usize, word: u32, shift: u32| {
                TABLES[table][(word >> shift & 0xFF) as usize]
            };
            sum = at(7, low, 0) ^ at(6, low, 8) ^ at(5, low, 16) ^ at(4, low, 24);
            sum ^= at(3, high, 0) ^ at(2, high, 8) ^ at(1, high, 16) ^ at(0, high, 24);
        }
        for byte in rest {
            let [low, ..] = sum.to_le_bytes();
            sum = TABLES[0][usize::from(low ^ byte)] ^ (sum >> 8);
        }
        self.0 = sum;
    }

    /// The checksum of all that was taken in.
    pub fn value(self) -> u32 {
        !self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_known_sum_in_any_pieces() {
        let text = b"123456789";
        for cut in 0..=text.len() {
            let mut crc = Crc::default();
            let (head, tail) = text.split_at(cut);
            crc.update(head);
            crc.update(tail);
            assert_eq!(crc.value(), 0xCBF4_3926);
        }
        let mut long = Crc::default();
        long.update(&[0xA5; 1000]);
        let mut bytewise = Crc::default();
        for _ in 0..1000 {
            bytewise.update(&[0xA5]);
        }
        assert_eq!(long.value(), bytewise.value());
    }
}
