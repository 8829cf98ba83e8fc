//! How many tokens a text has, estimated without the model's tokenizer, which no provider hands out.
//!
//! Each character costs hundredths of a token by its script and by the character before it: a word has a fixed cost and
//! a small one for each letter, a digit costs a whole token, a Chinese character 1.4. The estimate is meant to be too
//! high rather than too low, because a prompt that is too long is refused, while a prompt that is shorter than
//! necessary lacks only the oldest messages. Measured with the texts of `tokens.json`:
//!
//! - By o200k (GPT-4o), cl100k (GPT-4) and Llama 3 it is never more than 8 % below the truth. English is 25 to 35 %
//!   too high, other European languages, code and data up to 85 %, Vietnamese twice.
//! - Newer vocabularies hold whole words of scripts that older ones cut into bytes. The estimate follows the older
//!   ones, so by o200k Russian, Greek, Hebrew, Arabic and Hindi are two to four times too high, Tamil five times.
//! - By Mistral's first tokenizer, with a vocabulary of 32,000, it is up to 20 % too low in Polish, Turkish and data.
//!   The room that is left for the answer makes up for that.

/// The most bytes of UTF-8 that are estimated as one token: a run of blanks has this many.
pub(super) const MAX_BYTES_PER_TOKEN: u64 = 9;

/// The kind of the character before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Start,
    Blank,
    Line,
    Small,
    Capital,
    Other,
}

/// An estimate of the tokens of a text. It takes one pass over the text.
pub(super) fn estimate(text: &str) -> u32 {
    let (mut sum, mut before) = (0_u64, Kind::Start);
    // Letters of the Latin alphabet, and those among them that English does not have.
    let (mut letters, mut accents) = (0_u64, 0_u64);
    for c in text.chars() {
        let (kind, cost) = cost(c, before);
        match kind {
            Kind::Small | Kind::Capital if c.is_ascii() => letters += 1,
            Kind::Small => accents += 1,
            _ => {}
        }
        sum += cost;
        before = kind;
    }
    // Tokenizers cut the words of a language with accents into shorter pieces than English words.
    if accents * 50 > letters {
        sum += letters * 13;
    }
    u32::try_from(sum.div_ceil(100)).unwrap_or(u32::MAX)
}

/// The kind of a character, for the next one, and its cost in hundredths of a token.
fn cost(c: char, before: Kind) -> (Kind, u64) {
    match c {
        ' ' | '\t' => {
            let cost = match before {
                Kind::Blank => 12,
                // The indentation of a line; a single blank belongs to the word after it.
                Kind::Line | Kind::Start => 45,
                _ => 0,
            };
            (Kind::Blank, cost)
        }
        '\n' | '\r' => (Kind::Line, if before == Kind::Line { 12 } else { 90 }),
        'a'..='z' => {
            let cost = match before {
                Kind::Small => 20,
                Kind::Capital => 45,
                _ => 65,
            };
            (Kind::Small, cost)
        }
        'A'..='Z' => {
            let cost = match before {
                Kind::Capital => 45,
                Kind::Small => 125,
                _ => 65,
            };
            (Kind::Capital, cost)
        }
        '0'..='9' => (Kind::Other, 100),
        '\0'..='\u{7f}' => (Kind::Other, 75),
        // Latin with accents; of Vietnamese letters many are two tokens.
        '\u{80}'..='\u{24f}' => (Kind::Small, 100),
        '\u{1e00}'..='\u{1eff}' => (Kind::Small, 150),
        _ => (Kind::Other, of_script(c)),
    }
}

fn of_script(c: char) -> u64 {
    match c {
        // Greek, Cyrillic, Hebrew, Arabic.
        '\u{370}'..='\u{3ff}' => 106,
        '\u{400}'..='\u{52f}' => 60,
        '\u{590}'..='\u{5ff}' => 125,
        '\u{600}'..='\u{6ff}' => 90,
        '\u{250}'..='\u{7ff}' => 120,
        // Devanagari, Thai, and the other scripts of India and around it.
        '\u{900}'..='\u{97f}' => 130,
        '\u{e00}'..='\u{e7f}' => 105,
        '\u{800}'..='\u{1fff}' => 170,
        // Kana, characters, Hangul.
        '\u{3000}'..='\u{30ff}' => 105,
        '\u{3400}'..='\u{9fff}' => 140,
        '\u{ac00}'..='\u{d7af}' => 140,
        '\u{2000}'..='\u{ffff}' => 130,
        // Emoji and rare characters.
        _ => 280,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    /// A text, and the numbers of its tokens by several tokenizers.
    #[derive(Deserialize)]
    struct Sample {
        kind: String,
        text: String,
        tokens: BTreeMap<String, u32>,
    }

    fn samples() -> Vec<Sample> {
        serde_json::from_str(include_str!("tokens.json")).unwrap()
    }

    #[test]
    fn the_estimate_is_hardly_ever_below_the_truth_and_not_far_above_it() {
        let samples = samples();
        assert!(samples.len() >= 30);
        for Sample { kind, text, tokens } in &samples {
            let estimated = f64::from(estimate(text));
            assert_eq!(tokens.len(), 4, "{kind}");
            for (tokenizer, truth) in tokens {
                let ratio = estimated / f64::from(*truth);
                let least = if tokenizer == "mistral" { 0.8 } else { 0.92 };
                assert!(ratio >= least, "{kind} by {tokenizer}: {estimated} for {truth}");
                let latin = text.chars().filter(|c| u32::from(*c) < 0x250).count() * 2 > text.chars().count();
                let most = if latin { 2.2 } else { 5.0 };
                assert!(ratio <= most, "{kind} by {tokenizer}: {estimated} for {truth}");
            }
        }
        let english = samples.iter().find(|sample| sample.kind == "English prose").unwrap();
        let ratio = f64::from(estimate(&english.text)) / f64::from(english.tokens["o200k"]);
        assert!((1.2..1.35).contains(&ratio), "{ratio}");
    }

    #[test]
    fn no_text_has_more_bytes_per_estimated_token_than_the_constant_says() {
        let mut texts: Vec<String> = samples().into_iter().map(|sample| sample.text).collect();
        texts.extend(
            [" ", "\n", "\t", "a", "A", "a ", "é", "日", "😀", "и", ".", "\u{0}", "\u{200b}", "\r\n", " \n"]
                .map(|unit| unit.repeat(10_000)),
        );
        for text in &texts {
            let bound = u64::from(estimate(text)) * MAX_BYTES_PER_TOKEN;
            assert!(text.len() as u64 <= bound, "{} bytes of {:?}", text.len(), text.chars().next());
        }
        assert_eq!((estimate(""), estimate("x"), estimate(" ")), (0, 1, 1));
    }
}
