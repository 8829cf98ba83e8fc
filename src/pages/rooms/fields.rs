//! The fields of a room that its moderators and whoever makes one fill in.

use std::iter;

use leptos::prelude::*;
use strum::VariantArray;

use crate::{
    domain::{
        Picture, PictureColour, RoomAnswers, RoomSettings, conversation::MAX_TITLE_CHARS,
        room::MAX_TOPIC_CHARS,
    },
    pages::{
        Notice,
        fields::{Choice, Choices, FieldError, invalid},
        settings::picture::name as name_of_colour,
    },
    ui::{parts::PersonPicture, words::t},
};

/// More than the longest emoji has, in the units that browsers count.
const MAX_UNITS: &str = "20";

/// Name, topic, picture, and whether the room is listed. `made` is the picture of a room that chose none.
#[component]
pub fn About(name: String, settings: RoomSettings, made: Picture, form: Notice) -> impl IntoView {
    let typed = form.typed();
    let (name, topic) = (typed.name.clone().unwrap_or(name), typed.topic.clone().unwrap_or(settings.topic));
    let listed = typed.chose("listed", "true", settings.listed);
    let initial = typed.picture_initial.clone().or(settings.initial);
    let colour = match typed.other("picture_colour") {
        Some(word) => word.parse().ok(),
        None => settings.colour,
    };
    let [name_refused, topic_refused, initial_refused] =
        ["name", "topic", "initial"].map(|field| form.at(field));
    let (name_wrong, name_said) = invalid("name", name_refused.as_ref());
    let (topic_wrong, topic_said) = invalid("topic", topic_refused.as_ref());
    let (initial_wrong, initial_said) = invalid("initial", initial_refused.as_ref());
    view! {
        <label>
            {t("room-name")}
            <input
                name="name"
                value=name
                maxlength=MAX_TITLE_CHARS
                required
                autocomplete="off"
                dir="auto"
                autofocus=name_wrong.is_some()
                aria-invalid=name_wrong
                aria-describedby=name_said
            />
        </label>
        <FieldError of="name" sentence=name_refused />
        <label>
            {t("room-topic")}
            <input
                name="topic"
                value=topic
                maxlength=MAX_TOPIC_CHARS
                autocomplete="off"
                dir="auto"
                autofocus=topic_wrong.is_some()
                aria-invalid=topic_wrong
                aria-describedby=topic_said
            />
            <small>{t("room-topic-hint")}</small>
        </label>
        <FieldError of="topic" sentence=topic_refused />
        <label>
            {t("room-initial")}
            <input
                name="picture_initial"
                value=initial
                maxlength=MAX_UNITS
                placeholder=made.initial.clone()
                autocomplete="off"
                dir="auto"
                autofocus=initial_wrong.is_some()
                aria-invalid=initial_wrong
                aria-describedby=initial_said
            />
            <small>{t("room-initial-hint")}</small>
        </label>
        <FieldError of="initial" sentence=initial_refused />
        <Colours chosen=colour made />
        <Choices legend=t("room-listed") name="listed">
            <Choice name="listed" value="false" checked=!listed label=t("room-listed-no") />
            <Choice name="listed" value="true" checked=listed label=t("room-listed-yes") />
        </Choices>
    }
}

#[component]
fn Colours(chosen: Option<PictureColour>, made: Picture) -> impl IntoView {
    let automatic = (None, made.colour, "picture-automatic");
    let all = PictureColour::VARIANTS.iter().map(|one| (Some(*one), *one, name_of_colour(*one)));
    let choices = iter::once(automatic).chain(all).map(|(choice, colour, name)| {
        let shown = Picture { colour, ..made.clone() };
        view! {
            <label class="choice" title=t(name)>
                <input
                    type="radio"
                    name="picture_colour"
                    value=choice.as_ref().map_or("", PictureColour::into_str)
                    checked=choice == chosen
                />
                <PersonPicture picture=shown />
                <span class=if choice.is_some() { "visually-hidden" } else { "room-automatic" }>{t(name)}</span>
            </label>
        }
    });
    let choices = choices.collect_view();
    view! {
        <Choices legend=t("picture-colour") name="picture_colour">
            {choices}
        </Choices>
    }
}

/// When the model answers.
#[component]
pub fn Answers(answers: RoomAnswers, form: Notice) -> impl IntoView {
    let typed = form.typed();
    let choices = RoomAnswers::VARIANTS.iter().map(|one| {
        let value = one.into_str();
        let checked = typed.chose("answers", value, *one == answers);
        let key = match one {
            RoomAnswers::Mention => "room-answers-mention",
            RoomAnswers::Always => "room-answers-always",
            RoomAnswers::Asked => "room-answers-asked",
        };
        view! { <Choice name="answers" value checked label=t(key) /> }
    });
    let choices = choices.collect_view();
    view! {
        <Choices legend=t("room-answers") name="answers">
            {choices}
        </Choices>
    }
}
