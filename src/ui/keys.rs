//! [`KeyPress`]: which keys send a text and which belong to the input method; the same for every field.

/// The `keyCode` that browsers report for a key that an input method takes.
const INPUT_METHOD: u32 = 229;

/// A key as a `keydown` event reports it.
#[derive(Clone, Debug, Default)]
pub struct KeyPress {
    /// `KeyboardEvent.key`.
    pub key: String,
    /// `KeyboardEvent.keyCode`.
    pub key_code: u32,
    /// `KeyboardEvent.isComposing`.
    pub composing: bool,
    pub shift: bool,
    /// Control, or Command on a Mac.
    pub command: bool,
}

impl KeyPress {
    /// Whether this is `key`, pressed for the page and not for an input method. While somebody composes a word, Enter
    /// chooses it and Escape drops it. Safari ends the composition before it reports the Enter that did so, and only
    /// `key_code` shows that the input method took it.
    pub fn is(&self, key: &str) -> bool {
        self.key == key && !self.composing && self.key_code != INPUT_METHOD
    }

    /// Whether this key sends the text of the field. On a touch screen Enter breaks the line, because the keyboard there
    /// has no Shift-Enter.
    pub fn sends(&self, touch: bool) -> bool {
        self.is("Enter") && (self.command || !(self.shift || touch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter() -> KeyPress {
        KeyPress { key: "Enter".into(), key_code: 13, ..KeyPress::default() }
    }

    #[test]
    fn enter_sends_and_shift_enter_breaks_the_line() {
        assert!(enter().sends(false));
        assert!(!KeyPress { shift: true, ..enter() }.sends(false));
        assert!(!KeyPress { key: "a".into(), key_code: 65, ..enter() }.sends(false));
        assert!(!KeyPress { key: "NumLock".into(), key_code: 144, ..enter() }.sends(false));
    }

    #[test]
    fn on_a_touch_screen_enter_breaks_the_line() {
        assert!(!enter().sends(true));
        assert!(!KeyPress { shift: true, ..enter() }.sends(true));
    }

    #[test]
    fn enter_with_control_or_command_always_sends() {
        for touch in [false, true] {
            assert!(KeyPress { command: true, ..enter() }.sends(touch));
            assert!(KeyPress { command: true, shift: true, ..enter() }.sends(touch));
        }
    }

    #[test]
    fn keys_of_an_input_method_are_not_the_pages() {
        for key in ["Enter", "Escape", "ArrowUp"] {
            let chrome =
                KeyPress { key: key.into(), key_code: INPUT_METHOD, composing: true, ..KeyPress::default() };
            let firefox = KeyPress { key_code: 13, ..chrome.clone() };
            let safari = KeyPress { composing: false, ..chrome.clone() };
            for press in [chrome, firefox, safari] {
                assert!(!press.is(key), "{press:?}");
                assert!(!press.sends(false) && !KeyPress { command: true, ..press }.sends(false));
            }
            assert!(KeyPress { key: key.into(), ..KeyPress::default() }.is(key));
        }
    }
}
