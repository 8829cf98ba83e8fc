//! The tables of answers: copied as tables, saved as CSV.

use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement};

use super::{copy, files, messages, state::PageState};

/// A click on the button that copies: what is pasted is a table, in a text its cells with tabs between them.
pub(super) fn copy(state: PageState, button: &Element, _: &Event) {
    if let Some(table) = of(button) {
        copy::give(state, button, None, text(&table, false), Some(table.outer_html()));
    }
}

/// A click on the button that saves. The file begins with the mark of UTF-8, without which Excel takes Chinese for
/// something else.
pub(super) fn csv(_: PageState, button: &Element, _: &Event) {
    if let Some(table) = of(button) {
        let _ = files::save(button, "text/csv", &text(&table, true));
    }
}

fn of(button: &Element) -> Option<Element> {
    button.closest(".table").ok()??.query_selector("table").ok()?
}

/// The texts of all cells as they are shown: as CSV by RFC 4180, or with tabs between them.
fn text(table: &Element, csv: bool) -> String {
    let mut out = String::from(if csv { "\u{feff}" } else { "" });
    let Ok(rows) = table.query_selector_all("tr") else { return out };
    for at in 0..rows.length() {
        let Some(row) = rows.item(at) else { continue };
        for (number, cell) in messages::children(row.unchecked_ref()).enumerate() {
            if number > 0 {
                out.push(if csv { ',' } else { '\t' });
            }
            write(&cell.unchecked_ref::<HtmlElement>().inner_text(), csv, &mut out);
        }
        out.push_str(if csv { "\r\n" } else { "\n" });
    }
    out
}

/// Writes one cell. In CSV one that a spreadsheet would run as a formula gets an apostrophe, which makes it a text, because
/// whoever wrote the answer must not act on the reader's machine; a plain number with a sign stays a number.
fn write(cell: &str, csv: bool, out: &mut String) {
    let quote = if csv && cell.contains([',', '"', '\n', '\r']) { "\"" } else { "" };
    out.push_str(quote);
    if csv && is_formula(cell) {
        out.push('\'');
    }
    for c in cell.chars() {
        match c {
            '"' if csv => out.push_str("\"\""),
            '\t' | '\n' if !csv => out.push(' '),
            c => out.push(c),
        }
    }
    out.push_str(quote);
}

fn is_formula(cell: &str) -> bool {
    let mut rest = cell.chars();
    match rest.next() {
        Some('+' | '-') => !rest.all(|c| matches!(c, '0'..='9' | '.' | ',' | '%' | ' ')),
        first => matches!(first, Some('=' | '@' | '\t' | '\r' | '＝' | '＋' | '－' | '＠')),
    }
}

#[cfg(test)]
mod tests {
    use super::write;

    fn written(cell: &str, csv: bool) -> String {
        let mut out = String::new();
        write(cell, csv, &mut out);
        out
    }

    #[test]
    fn csv_is_quoted_where_it_must_be() {
        for (cell, csv) in [
            ("a", "a"),
            ("b c", "b c"),
            ("", ""),
            ("1,5", "\"1,5\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("=A1,\"b\"", "\"'=A1,\"\"b\"\"\""),
        ] {
            assert_eq!(written(cell, true), csv);
        }
    }

    #[test]
    fn no_cell_of_csv_is_a_formula() {
        for cell in
            ["=1+1", "=HYPERLINK(\"x\")", "+A1", "-2+3", "@SUM(A1)", "\t=1", "＝1", "-cmd|' /C calc'!A0"]
        {
            let csv = written(cell, true);
            assert!(csv.trim_start_matches('"').starts_with('\''), "{csv}");
            assert!(!written(cell, false).starts_with('\''), "{cell}");
        }
        for cell in ["-5", "+3.2%", "-1,234.5", "-", "a=b", "5-3", ""] {
            assert!(!written(cell, true).contains('\''), "{cell}");
        }
    }

    #[test]
    fn no_tab_and_no_line_is_in_a_cell_of_text() {
        assert_eq!(written("b\tc\nd \"e\"", false), "b c d \"e\"");
    }
}
