//! Markdown to HTML that is safe to show.

/// HTML that has been sanitized. Only this module makes it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SafeHtml(String);

impl SafeHtml {
    pub fn as_str(&self) -> &str {
        &self.0
    }
    pub fn into_string(self) -> String {
        self.0
    }
}

/// Renders a whole text: the same blocks as [`Stream`] gives, joined.
pub fn render(_markdown: &str) -> SafeHtml {
    SafeHtml::default()
}
pub enum Change {
    Block { index: u32, html: SafeHtml },
    Lines { index: u32, html: SafeHtml },
}
pub struct Stream;
impl Stream {
    pub fn new() -> Self {
        Self
    }
    pub fn push(&mut self, _: &str) {}
    pub fn flush(&mut self) -> Vec<Change> {
        vec![]
    }
    pub fn finish(&mut self) -> Vec<Change> {
        vec![]
    }
}
