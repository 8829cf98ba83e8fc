//! Entries as CSV by RFC 4180, for spreadsheets.

use crate::{
    domain::{AuditEntry, audit::Named},
    server::{ops::clock::utc, words::Words},
};

/// The names of the columns, which programs read: they are the same in every language. Before them stands the mark of
/// UTF-8, because without it Excel reads names in the code page of its machine; programs that read CSV skip it.
pub(super) fn head() -> String {
    "\u{feff}time,kind,count,actor,actor_id,subject,subject_id,address,detail,id\r\n".to_owned()
}

/// An entry with the end of its line.
pub(super) fn row(entry: &AuditEntry, words: &Words) -> String {
    let name = |named: &Option<Named>| named.as_ref().map_or_else(String::new, |named| named.name.clone());
    let id = |named: &Option<Named>| named.as_ref().map_or_else(String::new, |named| named.id.clone());
    let cells = [
        utc(entry.at),
        entry.kind.into_str().to_owned(),
        entry.count.to_string(),
        name(&entry.actor),
        id(&entry.actor),
        name(&entry.subject),
        id(&entry.subject),
        entry.address.clone(),
        entry.detail.as_ref().map(|detail| words.text(detail)).unwrap_or_default(),
        entry.id.clone(),
    ];
    let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
    format!("{}\r\n", cells.join(","))
}

/// A cell. An apostrophe stands before what a spreadsheet would take for a formula, because people choose their names.
fn cell(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if is_formula { format!("'{text}") } else { text.to_owned() };
    match text.contains(['"', ',', '\n', '\r', ';', '\t']) || text.starts_with('\'') {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AuditKind, Reason};

    #[test]
    fn a_name_is_no_formula_and_stays_in_its_cell() {
        for (text, wanted) in [
            ("Lin", "Lin"),
            ("", ""),
            ("王伟", "王伟"),
            ("=HYPERLINK(\"http://x\")", "\"'=HYPERLINK(\"\"http://x\"\")\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\t=1", "\"'\t=1\""),
            ("a,b", "\"a,b\""),
            ("a;=1", "\"a;=1\""),
            ("say \"hi\"\r\nx", "\"say \"\"hi\"\"\r\nx\""),
        ] {
            assert_eq!(cell(text), wanted);
        }
    }

    #[test]
    fn a_row_has_a_cell_for_each_column() {
        let entry = AuditEntry {
            id: "01".into(),
            at: 1_790_000_000_000,
            kind: AuditKind::SignInRefused,
            actor: None,
            subject: Some(Named { id: "2".into(), name: "Lin".into() }),
            address: "192.0.2.1".into(),
            count: 7,
            detail: Some(Reason::new("audit-by-command")),
        };
        let line = row(&entry, &Words::english());
        assert!(line.starts_with("2026-09-21T14:13:20Z,sign_in_refused,7,,,Lin,2,192.0.2.1,"), "{line}");
        assert!(line.ends_with(",01\r\n"), "{line}");
        assert_eq!(line.matches(',').count(), head().matches(',').count());
    }
}
