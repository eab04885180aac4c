//! Plain tables: columns as wide as their widest cell, nothing to draw, nothing cut.

use unicode_width::UnicodeWidthStr as _;

/// Returns rows as lines. The first row is the head. Columns of which every cell below it is a number
/// or a duration are best named in `right`, by their place.
pub(super) fn table<const N: usize>(rows: &[[String; N]], right: &[usize]) -> String {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.width().max(*width);
        }
    }
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (place, (cell, width)) in row.iter().zip(widths).enumerate() {
            let fill = " ".repeat(width.saturating_sub(cell.width()));
            if right.contains(&place) {
                line.push_str(&fill);
                line.push_str(cell);
            } else {
                line.push_str(cell);
                line.push_str(&fill);
            }
            line.push_str("  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_must_be() {
        let rows = [["suite", "took"], ["日本", "1.20s"], ["e2e-long", "-"]];
        let rows = rows.map(|row| row.map(str::to_owned));
        insta::assert_snapshot!(table(&rows, &[1]), @"
        suite      took
        日本      1.20s
        e2e-long      -
        ");
    }
}
