//! What the island may have to say: the keys that its views and handlers use.

use crate::ui::words::Phrases;

/// Each key with the names of its parameters.
const KEYS: &[(&str, &[&str])] =
    &[("versions", &[]), ("version-previous", &[]), ("version-next", &[]), ("conversation-busy", &[])];

/// The island's property, in the language of the page that is being made. A view or handler of the island that says
/// something new adds its key to the list above.
pub fn phrases() -> Phrases {
    Phrases::of(KEYS)
}
