//! [`is_guessable`]: whether a password is among the first that an attacker would try.

use std::{collections::HashSet, sync::LazyLock};

use super::prepared;

/// The most used passwords and the words that they consist of, in lower case, one on each line. Those of 8 and more
/// characters are the first that the rules below do not refuse anyhow, in the order of two public counts of leaked
/// passwords taken together: the frequency list of zxcvbn 4.5 (the ten million of Mark Burnett; MIT licence, Dan Wheeler and
/// Dropbox, Inc.) and the 20,000 of Royce Williams that Django 5.2 has (BSD 3-clause licence). So the 4,000 most used
/// passwords that are long enough are refused.
static WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| include_str!("guessable.txt").lines().collect());

/// Up to this many characters around a word make it no harder to guess: `Password2024`, `!!dragon!`.
const MOST_TRIMMINGS: usize = 4;

/// Ways over a keyboard and through an alphabet. A password that is a piece of one is guessed as soon.
pub const WALKS: &[&str] = &[
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
    "qwertyuiop[]asdfghjkl;'zxcvbnm,./",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p",
    "qazwsxedcrfvtgbyhnujmikolp",
    "zaqxswcdevfrbgtnhymjukilop",
    "zaq1xsw2cde3vfr4bgt5nhy6mju7",
    "!@#$%^&*()_+",
    "!\"§$%&/()=?",
    "a1b2c3d4e5f6g7h8i9j0",
    "1a2b3c4d5e6f7g8h9i0j",
    "йцукенгшщзхъфывапролджэячсмитьбю",
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
];

/// An estimate by length and variety takes these for good passwords.
const LONG_WORD_CHARS: usize = 10;

/// The words of the list that `pages/strength.js`, which has no list, would call good.
pub fn long_words() -> impl Iterator<Item = &'static str> {
    include_str!("guessable.txt").lines().filter(|word| word.chars().count() >= LONG_WORD_CHARS)
}

/// Whether a password would be guessed soon: it is one of the most used words with a few signs around it, a way
/// over the keyboard, a repetition, a date, or one of `own`: what a stranger knows of the person and the site.
pub fn is_guessable(password: &str, own: &[&str]) -> bool {
    let password = prepared(password).to_lowercase();
    let password = password.trim();
    if is_repetition(password) || is_walk(password) || is_date(password) {
        return true;
    }
    let own: Vec<String> = own.iter().flat_map(|word| parts(word)).collect();
    let known = |word: &str| WORDS.contains(word) || own.iter().any(|own| own == word);
    // As it stands, and with signs that stand for letters: `p@ssw0rd`.
    [password.to_owned(), spelled(password)].iter().any(|password| {
        let together: String = password.split([' ', '-', '_', '.']).collect();
        [password.as_str(), &together]
            .iter()
            .any(|password| known(password) || known_in_trimmings(password, &known))
    })
}

/// The words of a name, an address or a host, each as it stands and without its marks: `lin.wu@example.org` has
/// `lin.wu`, `linwu` and `lin`, too.
fn parts(word: &str) -> Vec<String> {
    let word = prepared(word).to_lowercase();
    let cuts: [&[char]; 4] = [&[], &['@', ' '], &['@', ' ', '.'], &['@', ' ', '.', '-', '_']];
    let pieces = cuts.iter().flat_map(|cut| word.trim().split(*cut));
    let without_marks = |piece: &str| piece.split([' ', '.', '-', '_', '@']).collect::<String>();
    let all = pieces.flat_map(|piece| [piece.to_owned(), without_marks(piece)]);
    all.filter(|part| part.chars().count() > 2).collect()
}

fn known_in_trimmings(password: &str, known: &impl Fn(&str) -> bool) -> bool {
    let is_trimming = |c: char| !c.is_alphabetic();
    let core = password.trim_matches(is_trimming);
    let around = password.chars().count() - core.chars().count();
    // A word twice is guessed as soon as the word.
    let (half, rest) = core.split_at(core.floor_char_boundary(core.len() / 2));
    around <= MOST_TRIMMINGS && !core.is_empty() && (known(core) || (half == rest && known(half)))
}

fn spelled(password: &str) -> String {
    let letter = |c| match c {
        '0' => 'o',
        '1' | '!' | '|' => 'i',
        '3' | '€' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    };
    // At the end such characters more often follow a word than stand for letters.
    let core = password.trim_end_matches(|c: char| !c.is_alphabetic());
    core.chars().map(letter).chain(password[core.len()..].chars()).collect()
}

/// `aaaaaaaa`, `abcabcabc`, `12341234`: a piece of up to four characters, repeated.
fn is_repetition(password: &str) -> bool {
    let signs: Vec<char> = password.chars().collect();
    (1..=4).any(|length| signs.iter().enumerate().skip(length).all(|(at, sign)| signs[at - length] == *sign))
}

fn is_walk(password: &str) -> bool {
    let back: String = password.chars().rev().collect();
    WALKS.iter().any(|walk| walk.contains(password) || walk.contains(&back))
}

/// Eight digits, with or without marks between, that are a day of the last or this century: `24121990`.
fn is_date(password: &str) -> bool {
    let marks = |c: char| matches!(c, '.' | '-' | '/' | ' ');
    let digits: String = password.chars().filter(|c| !marks(*c)).collect();
    if digits.len() != 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let number = |from: usize, to: usize| digits[from..to].parse::<u32>().unwrap_or_default();
    let day = |year: u32, one: u32, other: u32| {
        (1900..2100).contains(&year)
            && (1..=31).contains(&one)
            && (1..=31).contains(&other)
            && one.min(other) <= 12
    };
    day(number(0, 4), number(4, 6), number(6, 8)) || day(number(4, 8), number(0, 2), number(2, 4))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::accounts::valid::MIN_PASSWORD_CHARS;

    #[test]
    fn the_first_guesses_are_refused() {
        let own = ["lin.wu@example.org", "Lin Wu-Ångström", "Inglenook", "chat.sunflower-school.org"];
        for guess in [
            "password",
            "Password",
            "PASSWORD1",
            "p@ssw0rd",
            "P4$$w0rd!",
            "passw0rd",
            "password2024",
            "!password!",
            "12345678",
            "123456789",
            "87654321",
            "1234567890",
            "11111111",
            "00000000",
            "aaaaaaaa",
            "        ",
            "\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}",
            "\t\t\t\t\t\t\t\t",
            "abababab",
            "abcabcabc",
            "12341234",
            "qwertyui",
            "qwertyuiop",
            "QWERTYUIOP",
            "poiuytrewq",
            "asdfghjkl",
            "1q2w3e4r",
            "1qaz2wsx",
            "qazwsxedc",
            "qwertz123",
            "azertyuiop",
            "zxcvbnm1",
            "abcdefgh",
            "iloveyou",
            "iLoveYou1",
            "i love you",
            "sunshine",
            "princess",
            "football",
            "baseball1",
            "trustno1",
            "letmein1",
            "welcome1",
            "Welcome123",
            "admin123",
            "administrator",
            "superman",
            "dragon12",
            "monkey123",
            "!@#$%^&*",
            "19900101",
            "24.12.1990",
            "12/31/1999",
            "2001-01-01",
            "пароль123",
            "йцукенгш",
            "drowssap",
            "changeme",
            "passpass",
            "hellohello",
            "lin.wu@example.org",
            "linwu123",
            "lin.wu.1",
            "LinWu2024",
            "inglenook",
            "Inglenook1",
            "sunflower-school",
            "angström1!",
            "correct horse battery staple",
            "homelesspa",
            "mailcreated5240",
            "Kickflip",
            "skywalker1",
        ] {
            let own = if guess.starts_with("angs") { ["Angström"; 4] } else { own };
            assert!(is_guessable(guess, &own), "{guess:?}");
        }
    }

    #[test]
    fn others_are_taken() {
        let own = ["lin@example.org", "Lin"];
        for good in [
            "correct horse",
            "battery staple",
            "open sesame 73019",
            "the first of all",
            "a better one, really",
            "long enough it is",
            "Xk7#pQ2v",
            "hearth ember kettle",
            "naïve piñata",
            "84719263",
            "73019265",
            "我喜欢在雨天喝茶",
            "password of the seven dwarfs",
            "lin likes rivers",
            "dragons dislike tea",
        ] {
            assert!(!is_guessable(good, &own), "{good:?}");
        }
        assert!(!is_guessable("correct horse", &["", " ", "@", "a"]));
    }

    #[test]
    fn the_list_is_sorted_and_lower_cased_and_has_3000_that_are_long_enough_to_be_chosen() {
        let words: Vec<_> = include_str!("guessable.txt").lines().collect();
        let long = words.iter().filter(|word| word.chars().count() >= MIN_PASSWORD_CHARS).count();
        assert!(long >= 3000 && words.is_sorted_by(|one, next| one < next), "{long} of {}", words.len());
        assert!(words.iter().all(|word| word.trim() == *word && word.to_lowercase() == *word));
    }
}
