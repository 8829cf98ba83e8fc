//! Letters and marks of scripts that put no spaces between words.

/// Whether a character is Chinese, Japanese or Korean: a letter, a full-width digit or a mark.
pub(super) fn is_cjk(c: char) -> bool {
    matches!(c,
        '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{303f}' | '\u{3041}'..='\u{a4cf}' | '\u{a960}'..='\u{a97f}'
        | '\u{ac00}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}' | '\u{fe10}'..='\u{fe19}' | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff01}'..='\u{ffee}' | '\u{1aff0}'..='\u{1b16f}' | '\u{1f200}'..='\u{1f2ff}'
        | '\u{20000}'..='\u{3fffd}')
}

/// Whether a letter begins a word even right after a word of another script.
pub(super) fn is_glued(c: char) -> bool {
    let of_the_south = matches!(c, '\u{e00}'..='\u{eff}' | '\u{f00}'..='\u{fff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}');
    is_cjk(c) || of_the_south
}

/// Whether a character is punctuation or a sign of no script, or of one with spaces. Not all such characters, but
/// only some that CommonMark surely takes for punctuation.
pub(super) fn is_mark(c: char) -> bool {
    c.is_ascii_punctuation()
        || matches!(c,
            '\u{a1}'..='\u{a9}' | '«' | '¬' | '®' | '°' | '±' | '¶' | '·' | '»' | '¿' | '×' | '÷'
            | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '\u{20a0}'..='\u{20bf}'
            | '\u{2190}'..='\u{23ff}' | '\u{2500}'..='\u{2775}' | '\u{2794}'..='\u{27bf}'
            | '\u{1f300}'..='\u{1f64f}' | '\u{1f680}'..='\u{1f6c5}' | '\u{1f900}'..='\u{1f9ff}')
}

/// Whether a character is punctuation, neither ASCII nor of a script without spaces. An address contains none.
pub(super) fn is_punctuation(c: char) -> bool {
    matches!(c,
        '¡' | '§' | '«' | '¶' | '·' | '»' | '¿' | '\u{37e}' | '\u{387}' | '\u{589}' | '\u{5be}' | '\u{5c0}' | '\u{5c3}'
        | '\u{5f3}'..='\u{5f4}' | '\u{60c}' | '\u{61b}' | '\u{61e}'..='\u{61f}' | '\u{66a}'..='\u{66d}' | '\u{6d4}'
        | '\u{700}'..='\u{70d}' | '\u{964}'..='\u{965}' | '\u{df4}' | '\u{10fb}' | '\u{1361}'..='\u{1368}'
        | '\u{1800}'..='\u{180a}' | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '\u{2308}'..='\u{230b}'
        | '\u{2e00}'..='\u{2e5d}' | '\u{fffd}')
}
