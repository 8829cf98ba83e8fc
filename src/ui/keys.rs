//! [`Pressed`]: which keys send, and which belong to the input method; the same for every field.

/// What browsers say of a key that an input method takes.
const TAKEN: u32 = 229;

/// A key, as a `keydown` event tells of it.
#[derive(Clone, Debug, Default)]
pub struct Pressed {
    /// `KeyboardEvent.key`.
    pub key: String,
    /// `KeyboardEvent.keyCode`.
    pub code: u32,
    /// `KeyboardEvent.isComposing`.
    pub composing: bool,
    pub shift: bool,
    /// Control, or Command on a Mac.
    pub command: bool,
}

impl Pressed {
    /// Whether it is this key and the page's: while somebody composes, Enter chooses a word and Escape
    /// drops it. Safari ends the composition before it tells of the Enter that did so, and only the code
    /// says what that was for.
    pub fn is(&self, key: &str) -> bool {
        self.key == key && !self.composing && self.code != TAKEN
    }

    /// Whether it sends what is in the field. A keyboard on a touch screen has no Shift-Enter, so Enter
    /// breaks the line there.
    pub fn sends(&self, touch: bool) -> bool {
        self.is("Enter") && (self.command || !(self.shift || touch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter() -> Pressed {
        Pressed { key: "Enter".into(), code: 13, ..Pressed::default() }
    }

    #[test]
    fn enter_sends_and_shift_enter_breaks_the_line() {
        assert!(enter().sends(false));
        assert!(!Pressed { shift: true, ..enter() }.sends(false));
        assert!(!Pressed { key: "a".into(), code: 65, ..enter() }.sends(false));
        assert!(!Pressed { key: "NumLock".into(), code: 144, ..enter() }.sends(false));
    }

    #[test]
    fn on_a_touch_screen_enter_breaks_the_line() {
        assert!(!enter().sends(true));
        assert!(!Pressed { shift: true, ..enter() }.sends(true));
    }

    #[test]
    fn with_control_or_command_it_always_sends() {
        for touch in [false, true] {
            assert!(Pressed { command: true, ..enter() }.sends(touch));
            assert!(Pressed { command: true, shift: true, ..enter() }.sends(touch));
        }
    }

    #[test]
    fn keys_of_an_input_method_are_not_the_pages() {
        for key in ["Enter", "Escape", "ArrowUp"] {
            let chrome = Pressed { key: key.into(), code: TAKEN, composing: true, ..Pressed::default() };
            let firefox = Pressed { code: 13, ..chrome.clone() };
            let safari = Pressed { composing: false, ..chrome.clone() };
            for pressed in [chrome, firefox, safari] {
                assert!(!pressed.is(key), "{pressed:?}");
                assert!(!pressed.sends(false) && !Pressed { command: true, ..pressed }.sends(false));
            }
            assert!(Pressed { key: key.into(), ..Pressed::default() }.is(key));
        }
    }
}
