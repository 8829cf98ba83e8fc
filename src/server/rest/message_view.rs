//! [`MessageView`]: a message as the API answers it, with Markdown or HTML and with a failure in words.

use serde::Serialize;
use strum::{EnumString, VariantNames};
use utoipa::ToSchema;

use crate::{
    domain::{Failure, FailureCode, Message, Role, Siblings},
    server::{conversations::ThreadMessage, live::log::Format, words},
};

#[derive(Clone, Copy, Default, EnumString, VariantNames, ToSchema)]
#[strum(serialize_all = "snake_case")]
#[schema(rename_all = "snake_case", default = "markdown")]
pub enum MessageFormat {
    #[default]
    Markdown,
    Html,
}

impl From<MessageFormat> for Format {
    fn from(format: MessageFormat) -> Self {
        match format {
            MessageFormat::Markdown => Self::Text,
            MessageFormat::Html => Self::Html,
        }
    }
}

/// A message with its text in the form that was asked for.
#[derive(Serialize, ToSchema)]
#[schema(as = Message)]
pub struct MessageView {
    #[serde(flatten)]
    #[schema(inline)]
    message: Message,
    /// The text as Markdown, unless HTML was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    content: Option<String>,
    /// The text as sanitized HTML, in place of `content`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    html: Option<String>,
    /// Why, when `status` is `failed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    failure: Option<FailureView>,
    /// In a window, where more than one message has the same parent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    siblings: Option<Siblings>,
}

/// Why an answer failed.
#[derive(Serialize, ToSchema)]
#[schema(as = Failure)]
struct FailureView {
    code: FailureCode,
    /// A sentence for a person, in the language of whoever asks.
    message: String,
    /// Whether asking again may help without changing anything.
    retryable: bool,
}

impl From<Failure> for FailureView {
    fn from(failure: Failure) -> Self {
        let Failure { code, reason, retryable } = failure;
        Self { code, message: words::current().text(&reason), retryable }
    }
}

impl MessageView {
    pub fn of_thread(shown: ThreadMessage, format: MessageFormat) -> Self {
        let ThreadMessage { message, html, siblings, .. } = shown;
        let view = Self { siblings, ..message.into() };
        let html = match (format, view.message.role) {
            (MessageFormat::Markdown, _) => return view,
            (MessageFormat::Html, Role::User) if html.is_empty() => {
                as_written(view.content.as_deref().unwrap_or_default())
            }
            (MessageFormat::Html, _) => html.to_string(),
        };
        Self { content: None, html: Some(html), ..view }
    }
}

impl From<Message> for MessageView {
    fn from(mut message: Message) -> Self {
        // What the view has of its own the message must not say a second time.
        let content = Some(std::mem::take(&mut message.content));
        let failure = message.failure.take().map(Into::into);
        Self { message, content, html: None, failure, siblings: None }
    }
}

/// What a person wrote is shown as it is: no part of it is markup.
fn as_written(text: &str) -> String {
    let text = html_escape::encode_quoted_attribute(text.trim_end());
    format!("<p>{}</p>", text.replace('\n', "<br>\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_wrote_is_never_markup() {
        assert_eq!(as_written("a <b>\n\"&'"), "<p>a &lt;b&gt;<br>\n&quot;&amp;&#x27;</p>");
    }
}
