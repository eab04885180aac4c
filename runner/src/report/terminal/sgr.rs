//! Colours and attributes of suite output: parsed, reduced to the harmless ones, written anew.

use std::fmt::Write as _;

use vte::Params;

/// A colour as SGR knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Color {
    /// 0 to 7, or 8 to 15 for the bright ones.
    Named(u16),
    /// Of the palette of 256.
    Indexed(u16),
    /// Red, green, blue.
    Rgb(u16, u16, u16),
}

/// The attributes text is shown with. Blinking and hidden text are not among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sgr {
    /// Which of [`ATTRIBUTES`] are on, a bit each.
    attributes: u8,
    foreground: Option<Color>,
    background: Option<Color>,
}

/// What each bit of [`Sgr::attributes`] is called.
const ATTRIBUTES: [u16; 6] = [1, 2, 3, 4, 7, 9];

impl Sgr {
    /// Applies the parameters of one `CSI … m`.
    pub(super) fn apply(&mut self, params: &Params) {
        let mut params = params.iter();
        while let Some(param) = params.next() {
            match *param {
                [38 | 48, ref rest @ ..] => {
                    let color = if rest.is_empty() {
                        let flat = |next: Option<&[u16]>| next.and_then(|p| p.first().copied());
                        match flat(params.next()) {
                            Some(5) => flat(params.next()).map(Color::Indexed),
                            Some(2) => rgb([
                                flat(params.next()),
                                flat(params.next()),
                                flat(params.next()),
                            ]),
                            _ => None,
                        }
                    } else {
                        match *rest {
                            [5, index] => Some(Color::Indexed(index)),
                            [2, r, g, b] | [2, _, r, g, b] => rgb([Some(r), Some(g), Some(b)]),
                            _ => None,
                        }
                    };
                    let slot = if param.first() == Some(&38) {
                        &mut self.foreground
                    } else {
                        &mut self.background
                    };
                    *slot = color.filter(|color| valid(*color)).or(*slot);
                }
                [4, 0] => self.set(4, false),
                [code, ..] => self.simple(code),
                [] => {}
            }
        }
    }

    fn simple(&mut self, code: u16) {
        match code {
            0 => *self = Self::default(),
            1..=4 | 7 | 9 => self.set(code, true),
            21 | 22 => {
                self.set(1, false);
                self.set(2, false);
            }
            23 | 24 | 27 | 29 => self.set(code - 20, false),
            30..=37 => self.foreground = Some(Color::Named(code - 30)),
            39 => self.foreground = None,
            40..=47 => self.background = Some(Color::Named(code - 40)),
            49 => self.background = None,
            90..=97 => self.foreground = Some(Color::Named(code - 90 + 8)),
            100..=107 => self.background = Some(Color::Named(code - 100 + 8)),
            _ => {}
        }
    }

    fn set(&mut self, code: u16, on: bool) {
        for (bit, attribute) in ATTRIBUTES.iter().enumerate() {
            if *attribute == code {
                self.attributes = self.attributes & !(1 << bit) | (u8::from(on) << bit);
            }
        }
    }

    /// Writes the sequence that sets exactly these attributes.
    pub(super) fn write(self, to: &mut String) {
        to.push_str("\u{1b}[0");
        let mut code = |code: u16| write!(to, ";{code}").unwrap_or(());
        for (bit, attribute) in ATTRIBUTES.iter().enumerate() {
            if self.attributes & (1 << bit) != 0 {
                code(*attribute);
            }
        }
        for (color, base) in [(self.foreground, 30), (self.background, 40)] {
            match color {
                Some(Color::Named(name @ 0..=7)) => code(base + name),
                Some(Color::Named(name)) => code(base + 60 + name - 8),
                Some(Color::Indexed(index)) => [base + 8, 5, index].into_iter().for_each(&mut code),
                Some(Color::Rgb(r, g, b)) => {
                    [base + 8, 2, r, g, b].into_iter().for_each(&mut code);
                }
                None => {}
            }
        }
        to.push('m');
    }
}

fn rgb(parts: [Option<u16>; 3]) -> Option<Color> {
    let [Some(r), Some(g), Some(b)] = parts else {
        return None;
    };
    Some(Color::Rgb(r, g, b))
}

fn valid(color: Color) -> bool {
    match color {
        Color::Named(_) => true,
        Color::Indexed(index) => index < 256,
        Color::Rgb(r, g, b) => r.max(g).max(b) < 256,
    }
}

#[cfg(test)]
mod tests {
    use super::super::clean::lines;

    #[test]
    fn sequences_are_written_anew() {
        let cases = [
            ("1;31", "\u{1b}[0;1;31mx\u{1b}[0m"),
            ("1;22;31", "\u{1b}[0;31mx\u{1b}[0m"),
            ("97;44", "\u{1b}[0;97;44mx\u{1b}[0m"),
            ("38;2;1;2;3", "\u{1b}[0;38;2;1;2;3mx\u{1b}[0m"),
            ("38:2::1:2:3", "\u{1b}[0;38;2;1;2;3mx\u{1b}[0m"),
            ("48:5:200", "\u{1b}[0;48;5;200mx\u{1b}[0m"),
            ("38;5;999", "x"),
            ("4:3;9", "\u{1b}[0;4;9mx\u{1b}[0m"),
            ("7;27;31;39;41;49", "x"),
            ("5;8;6", "x"),
            ("31;", "x"),
            ("38;5", "x"),
        ];
        for (params, expected) in cases {
            let text = format!("\u{1b}[{params}mx");
            assert_eq!(lines(text.as_bytes(), true, 80), [expected], "{params}");
        }
    }
}
