//! The form in which a person chooses their picture.

use leptos::prelude::*;
use strum::VariantArray;

use crate::{
    domain::{Picture, PictureColour},
    pages::{
        Notice,
        fields::{Choices, FieldError, invalid},
    },
    ui::{parts::PersonPicture, words::t},
};

/// More than the longest emoji has, in the units that browsers count.
const MAX_UNITS: &str = "20";

/// `chosen` is the initial that the person chose. Each colour is shown as the picture in it.
#[component]
pub fn ChoosePicture(picture: Picture, chosen: Option<String>, notice: Notice) -> impl IntoView {
    let (refused, colour) = (notice.at("picture_initial"), notice.at("picture_colour"));
    let (invalid, described) = invalid("picture_initial", refused.as_ref());
    let at_colour = colour.is_some();
    let typed = notice.typed().picture_initial.or(chosen);
    let choices = PictureColour::VARIANTS.iter().map(|one| {
        let checked = *one == picture.colour;
        let shown = Picture { colour: *one, ..picture.clone() };
        view! {
            <label class="choice">
                <input
                    type="radio"
                    name="picture_colour"
                    value=one.into_str()
                    checked=checked
                    autofocus=checked && at_colour
                />
                <PersonPicture picture=shown />
                <span>{t(name(*one))}</span>
            </label>
        }
    });
    let choices = choices.collect_view();
    view! {
        <form method="post" action="/fn/set-picture">
            <label>
                {t("picture-initial")}
                <input
                    name="picture_initial"
                    autocomplete="off"
                    maxlength=MAX_UNITS
                    value=typed
                    placeholder=picture.initial
                    dir="auto"
                    autofocus=invalid.is_some()
                    aria-invalid=invalid
                    aria-describedby=described
                />
                <small>{t("picture-initial-hint")}</small>
            </label>
            <FieldError of="picture_initial" sentence=refused />
            <Choices legend=t("picture-colour") name="picture_colour" refused=colour>
                {choices}
            </Choices>
            <button class="button-small">{t("picture-save")}</button>
        </form>
    }
}

fn name(colour: PictureColour) -> &'static str {
    match colour {
        PictureColour::Red => "picture-red",
        PictureColour::Orange => "picture-orange",
        PictureColour::Olive => "picture-olive",
        PictureColour::Green => "picture-green",
        PictureColour::Teal => "picture-teal",
        PictureColour::Blue => "picture-blue",
        PictureColour::Violet => "picture-violet",
        PictureColour::Pink => "picture-pink",
    }
}
