//! [`name_key`]: which names look the same.

use unicode_security::skeleton;

/// What two names that look the same have in common: letters that are easily confused are one letter, small ones and
/// capitals are the same, and blanks and what cannot be seen is left out. It begins with the key of each beginning of the
/// name.
pub fn name_key(name: &str) -> String {
    let latin: String = name.chars().filter(|sign| !is_unseen(*sign)).map(as_latin).collect();
    let small = latin.to_lowercase();
    let same = skeleton(&small).collect::<String>().to_lowercase();
    // A capital I looks like a small l, so all three are one.
    same.chars().map(|sign| if sign == 'i' { 'l' } else { sign }).collect()
}

/// The Latin letter or digit that this letter of another alphabet, or its capital, looks like. A table of what looks alike
/// knows nothing of capitals, and a small letter that looks like none may have a capital that does.
fn as_latin(sign: char) -> char {
    if sign.is_ascii() {
        return sign;
    }
    let capitals = sign.to_uppercase().collect::<String>();
    let found = [sign.to_string(), capitals].iter().find_map(|text| {
        let mut alike = skeleton(text);
        alike.next().filter(|first| first.is_ascii() && alike.next().is_none())
    });
    found.unwrap_or(sign)
}

/// Whether nothing is seen of the sign by itself, or only a blank.
pub fn is_unseen(sign: char) -> bool {
    sign.is_whitespace()
        || sign.is_control()
        || matches!(
            sign,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        )
        || matches!(sign, '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(sign, '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}')
        || matches!(sign, '\u{2800}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(names: &[&str]) {
        for pair in names.windows(2) {
            assert_eq!(name_key(pair[0]), name_key(pair[1]), "{pair:?}");
        }
    }

    #[test]
    fn names_that_look_the_same_have_one_key() {
        same(&["paypal", "PayPal", "раураl", "ｐａｙｐａｌ", "ＰａｙＰａｌ", "P a y\u{200b}pal"]); // Cyrillic, full width
        same(&["Bob", "Вob", "Bоb", "Βob", "bob"]); // Cyrillic, Greek
        same(&["Alice", "AIice", "A1ice", "alice", "ALICE", "Αlice", "a l i c e"]);
        same(&["Niko", "Νiko", "Nikο", "NIKO", "Nik0"]); // Greek
        same(&["Tom", "Torn", "TOM", "Тom"]);
        same(&["Zo\u{eb}", "Zoe\u{308}", "ZO\u{cb}"]);
        same(&["Вера", "вера", "ВЕРА", "Bepa"]);
        same(&["Ада\u{ad}", "ада", "\u{202e}АДА"]);
        same(&["小明", "小 明"]);
    }

    #[test]
    fn other_names_have_other_keys() {
        let names = [
            "Ada",
            "Ava",
            "Bob",
            "Eve",
            "Vera",
            "Nina",
            "Zoe",
            "Zo\u{eb}",
            "小明",
            "小红",
            "Иван",
            "Игорь",
            "🦊",
            "Ada 2",
        ];
        for (at, name) in names.iter().enumerate() {
            for other in &names[at + 1..] {
                assert_ne!(name_key(name), name_key(other), "{name} {other}");
            }
        }
    }

    #[test]
    fn a_number_at_the_end_is_the_end_of_the_key() {
        for name in ["Ada", "Вера", "小明", "Zo\u{eb}", "🦊"] {
            for number in 2..30 {
                let key = name_key(&format!("{name} {number}"));
                assert!(key.starts_with(&name_key(name)), "{name} {number}");
            }
        }
    }
}
