//! A question and an answer as they stand in a thread.

use std::borrow::Cow;

use leptos::prelude::*;

use super::{
    Icon, PersonPicture,
    answer_head::{AnswerHead, EraseMenu, RoomAnswer},
    marks::{MarkLine, MarkMenu},
    new_said::NewSaid,
    steer::*,
};
use crate::{
    domain::{Picture, Reason, Siblings, Status, Timings, Usage, message::MOST_LEFT_OUT, model::short_name},
    ui::words::{Localizer, t, t_with},
};

/// When a message was made, in the reader's words and by the reader's clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct When {
    /// As HTML has it: in UTC.
    pub machine: String,
    /// The time of day.
    pub clock: String,
    /// Date and time.
    pub whole: String,
    /// Where the message before it is of another day: the day, as HTML has it and in words.
    pub day: Option<(String, String)>,
}

/// The line above a message that is the first of its day.
#[component]
pub(super) fn Day(when: Option<When>) -> impl IntoView {
    let (machine, words) = when?.day?;
    Some(view! {
        <p class="day">
            <time datetime=machine>{words}</time>
        </p>
    })
}

/// The time of day among a message's buttons.
#[component]
fn Time(when: Option<When>) -> impl IntoView {
    let When { machine, clock, whole, .. } = when?;
    Some(view! {
        <time class="time" datetime=machine title=whole>
            {clock}
        </time>
    })
}

/// The name of a message: who speaks, and when.
fn name(who: &'static str, when: Option<&When>) -> String {
    match when {
        Some(when) => t_with(Reason::new("message-at").with("who", t(who)).with("time", when.clock.clone())),
        None => t(who),
    }
}

/// A question with more lines or more characters is folded where there is a script, so that it does not bury its answer. Its
/// first 12 lines are shown; one that is a little longer is not worth a click.
const MOST_LINES: usize = 15;
const MOST_CHARS: usize = 1000;

/// Whether a question is folded.
pub fn is_long_question(text: &str) -> bool {
    text.lines().nth(MOST_LINES).is_some() || text.chars().nth(MOST_CHARS).is_some()
}

/// The button that unfolds a question and folds it again. The style sheet folds the text before it by what the button says;
/// the whole text is on the page at any time.
#[component]
pub fn Unfold(long: bool) -> impl IntoView {
    view! {
        <button type="button" class="button-small unfold" aria-expanded="false" hidden=!long>
            <span>{t("show-more")}</span>
            <span>{t("show-less")}</span>
        </button>
    }
}

/// What a person wrote, as they wrote it. `edit` is the form in which the question is edited, while it is open; `query` is
/// that of [`EditLink`]. Without `when` it is not stored yet.
#[component]
pub fn Question(
    id: String,
    text: String,
    picture: Picture,
    siblings: Option<Siblings>,
    when: Option<When>,
    #[prop(optional_no_strip)] edit: Option<AnyView>,
    #[prop(optional)] query: String,
) -> impl IntoView {
    let (article, name) = (id.clone(), name("you", when.as_ref()));
    let heading = name.clone();
    let long = is_long_question(&text);
    view! {
        <article class="message user" id=article aria-label=name>
            <Day when=when.clone() />
            <h2 class="visually-hidden">{heading}</h2>
            <PersonPicture picture />
            <div class="question-text" dir="auto">{text}</div>
            <Unfold long />
            <div class="actions">
                <Time when />
                {siblings.map(|siblings| view! { <Branches siblings /> })}
                <button class="button-bare copy-message" title=t("message-copy")>
                    <Icon name="copy" />
                </button>
                <EditLink id=id.clone() query />
                <DeleteMenu id />
            </div>
            {edit}
        </article>
    }
}

/// Makes the ids of headings unique on the page. The renderer makes them unique within their message and begins each with
/// `-`; the end of the message's id is put before that.
pub fn name_headings<'a>(html: &'a str, message_id: &str) -> Cow<'a, str> {
    let Some(end) = message_id.len().checked_sub(6).and_then(|from| message_id.get(from..)) else {
        return html.into();
    };
    if !html.contains(" id=\"-") {
        return html.into();
    }
    let mut named = html.replace("<a href=\"#-", &format!("<a href=\"#{end}-"));
    for level in 2..=6 {
        named = named.replace(&format!("<h{level} id=\"-"), &format!("<h{level} id=\"{end}-"));
    }
    named.into()
}

/// How an answer ended, or that it has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    pub status: Status,
    /// Why it failed, in words; `None` for an answer that did not.
    pub failure: Option<String>,
    /// See [`crate::domain::Message::length_limited`].
    pub length_limited: bool,
}

/// What is shown around the text of an answer.
#[derive(Clone, Debug)]
pub struct AnswerFrame {
    pub ending: Ending,
    /// See [`crate::domain::Message::left_out`].
    pub left_out: u32,
    pub siblings: Option<Siblings>,
    /// See [`meta_line`].
    pub meta: String,
    /// `None` while it is not stored.
    pub when: Option<When>,
    /// When the provider takes requests again, in UTC milliseconds since 1970, if it said so.
    pub retry_at: Option<i64>,
    /// In a room: what stands around it there.
    pub room: Option<RoomAnswer>,
}

/// An answer, as far as it has come. `html` is sanitized by the server. While it is being written, a script adds to
/// `.prose` and to `.reasoning-text`; the rest is made anew when it has ended.
#[component]
pub fn Answer(id: String, html: String, reasoning: String, frame: AnswerFrame) -> impl IntoView {
    let AnswerFrame { ending, left_out, siblings, meta, when, retry_at, room } = frame;
    let name = name("answer", when.as_ref());
    let heading = name.clone();
    let (article, html) = (id.clone(), name_headings(&html, &id).into_owned());
    let (status, has_text) = (ending.status, !html.is_empty());
    let writing = status == Status::Generating;
    // While the thinking is all there is, it is open.
    let thoughtless = reasoning.is_empty();
    let thinks = (writing && !has_text && !thoughtless).then_some("");
    view! {
        <article
            class="message answer"
            id=article
            aria-label=name
            data-status=status.into_str()
            data-retry-at=retry_at
            aria-busy=writing.then_some("true")
        >
            <Day when=when.clone() />
            <h2 class="visually-hidden">{heading}</h2>
            {room.clone().map(|of| view! { <AnswerHead of /> })}
            <LeftOut count=left_out />
            <details class="reasoning" hidden=thoughtless open=thinks data-auto=thinks>
                <summary>{t("reasoning")}</summary>
                <div class="reasoning-text">{reasoning}</div>
            </details>
            <div class="prose" inner_html=html></div>
            {(writing && !has_text).then(|| view! { <p class="waiting" aria-hidden="true"></p> })}
            <AnswerEnd id=id.clone() ending has_text waits=retry_at.is_some() />
            {room
                .clone()
                .filter(|of| !of.gone && !writing)
                .map(|of| view! { <MarkLine marks=of.marks /> })}
            {(!writing)
                .then(|| match room {
                    Some(of) => view! { <RoomActions id of meta /> }.into_any(),
                    None => view! { <AnswerActions id siblings meta when /> }.into_any(),
                })}
        </article>
    }
}

/// A message that the page shows already and that is as it was, but for its versions.
#[component]
pub fn Unchanged(id: String, siblings: Option<Siblings>) -> impl IntoView {
    view! {
        <article class="message" id=id data-unchanged="">
            {siblings.map(|siblings| view! { <Branches siblings /> })}
        </article>
    }
}

/// What a script makes a turn of when a question is sent, or a message of a room, and the form in which a question is edited.
/// `name` and `picture` are those of the person who reads the page.
#[component]
pub fn Templates(name: String, picture: Picture) -> impl IntoView {
    let of_said = picture.clone();
    let frame = AnswerFrame {
        ending: Ending { status: Status::Generating, failure: None, length_limited: false },
        left_out: 0,
        siblings: None,
        meta: String::new(),
        when: None,
        retry_at: None,
        room: None,
    };
    let none = String::new;
    view! {
        <template id="new-question">
            <Question id=none() text=none() picture siblings=None when=None />
        </template>
        <template id="new-answer">
            <Answer id=none() html=none() reasoning=none() frame />
        </template>
        <template id="new-edit">
            <EditForm id=none() text=none() key=none() />
        </template>
        <NewSaid name picture=of_said />
    }
}

/// The line between a question and its answer that says how many messages the model was not sent; none when it was sent
/// all.
#[component]
fn LeftOut(count: u32) -> impl IntoView {
    left_out(count).map(|sentence| view! { <p class="left-out">{sentence}</p> })
}

fn left_out(count: u32) -> Option<String> {
    Some(match count {
        0 => return None,
        1 => t("sent-without-first"),
        MOST_LEFT_OUT.. => t("sent-newest-only"),
        _ => t_with(Reason::new("sent-without").with("count", count)),
    })
}

/// The buttons of a finished answer, and the line that says which model wrote it.
#[component]
fn AnswerActions(id: String, siblings: Option<Siblings>, meta: String, when: Option<When>) -> impl IntoView {
    view! {
        <div class="actions">
            {siblings.map(|siblings| view! { <Branches siblings /> })}
            <button class="button-bare copy-message" title=t("answer-copy")>
                <Icon name="copy" />
            </button>
            <AgainButton id=id.clone() />
            <AgainWithButton id=id.clone() />
            <ForkButton id=id.clone() />
            <DeleteMenu id />
            <Time when />
            <span class="meta">{meta}</span>
        </div>
    }
}

/// The buttons of a finished answer in a room.
#[component]
fn RoomActions(id: String, of: RoomAnswer, meta: String) -> impl IntoView {
    (!of.gone).then(|| {
        view! {
            <div class="actions">
                <MarkMenu marks=of.marks />
                <button class="button-bare copy-message" title=t("answer-copy")>
                    <Icon name="copy" />
                </button>
                {of.may_delete.then(|| view! { <EraseMenu id /> })}
                <span class="meta">{meta}</span>
            </div>
        }
    })
}

/// Which model answered, how many tokens the answer has, how soon the first came, and how fast the others did: as far as
/// that is known.
pub fn meta_line(localizer: &Localizer, model: &str, usage: Option<Usage>, timings: Timings) -> String {
    let tokens = usage.map(|usage| Reason::new("answer-tokens").with("count", usage.completion_tokens));
    let first = timings.first_token_ms.map(|ms| {
        let tenths = ms.div_ceil(100);
        Reason::new("answer-first-token").with("whole", tenths / 10).with("tenth", tenths % 10)
    });
    let speed = timings.speed(usage).map(|speed| Reason::new("answer-speed").with("count", speed));
    let facts = [tokens, first, speed].into_iter().flatten().map(|fact| localizer.text(&fact));
    let model = Some(short_name(model).to_owned()).filter(|model| !model.is_empty());
    model.into_iter().chain(facts).collect::<Vec<_>>().join(" · ")
}

/// How an answer ended, with the buttons to continue or retry; nothing for an answer that is complete.
#[component]
fn AnswerEnd(id: String, ending: Ending, has_text: bool, waits: bool) -> impl IntoView {
    let Ending { status, failure, length_limited } = ending;
    let sentence = match (failure, status) {
        (Some(failure), _) => failure,
        (None, Status::Failed) => t("answer-failed"),
        (None, Status::Interrupted) => t("answer-interrupted"),
        (None, Status::Stopped) => t("answer-stopped"),
        (None, Status::Complete) if length_limited => t("answer-cut"),
        (None, Status::Complete | Status::Generating) => return None,
    };
    let quiet = matches!(status, Status::Stopped | Status::Complete);
    let class = if quiet { "answer-end" } else { "answer-end alert" };
    // The style sheet shows it on the newest message of the branch only, and neither button in a room.
    let can_continue = status.can_continue(length_limited, has_text);
    Some(view! {
        <div class=class role="status">
            <span>{sentence}</span>
            {can_continue.then(|| view! { <ContinueButton id=id.clone() /> })}
            <RetryButton id />
            // A script counts the seconds.
            {waits.then(|| view! { <span class="retry-in" aria-hidden="true" hidden></span> })}
        </div>
    })
}

#[cfg(test)]
mod tests {
    use super::is_long_question;

    #[test]
    fn a_question_is_long_by_its_lines_or_its_characters() {
        let lines = |count: usize| vec!["x"; count].join("\n");
        assert!(!is_long_question("") && !is_long_question(&lines(15)) && is_long_question(&lines(16)));
        assert!(!is_long_question(&"\u{97ed}".repeat(1000)) && is_long_question(&"\u{97ed}".repeat(1001)));
    }
}
