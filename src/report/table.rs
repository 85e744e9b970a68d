//! Columns of text.

use unicode_width::UnicodeWidthStr as _;

/// Rows with their columns aligned, two spaces apart; the last column is not padded. `right` says
/// which columns hold numbers.
#[must_use]
pub fn table(rows: &[Vec<String>], right: &[usize]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            if column > 0 {
                line.push_str("  ");
            }
            let padding = " ".repeat(widths[column] - cell.width());
            let (before, after) = if right.contains(&column) { (&*padding, "") } else { ("", &*padding) };
            line.extend([before, cell, after]);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// `text`, with spaces after it up to `width` columns.
pub(super) fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let rows = [["a", "10", "x y"], ["long é", "9", ""]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(table(&rows, &[1]), "a       10  x y\nlong é   9\n");
        assert_eq!(table(&[], &[]), "");
        let wide = [["漢字", "x"], ["e\u{301}", "y"], ["abcd", "z"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(table(&wide, &[]), "漢字  x\ne\u{301}     y\nabcd  z\n");
    }
}
