//! What others see of a person, and whom the person has blocked.

use leptos::prelude::*;

use crate::{
    domain::{Person, Picture, Preferences, Reason, User, person::MAX_ABOUT_CHARS},
    pages::{
        Notice,
        fields::{Choice, Choices, FieldError, invalid},
        sections::Section,
    },
    ui::{
        parts::PersonPicture,
        words::{t, t_with},
    },
};

/// What the person says of themselves, whether they are listed, and whether they have a wall. `has_list`: the site has a list
/// of people.
#[component]
pub fn OthersSection(user: User, has_list: bool, notice: Notice) -> impl IntoView {
    let Preferences { about, listed, wall, .. } = user.preferences;
    let form = notice.of("/fn/set-about");
    let refused = form.at("about");
    let (wrong, said) = invalid("about", refused.as_ref());
    // Leptos writes a textarea's children without escaping them, and a browser drops the first line break.
    let about = about.map(|about| format!("\n{}", html_escape::encode_text(&about)));
    let listing = has_list.then(|| {
        view! {
            <Choices legend=t("people-listed") name="listed">
                <Choice name="listed" value="true" checked=listed label=t("people-listed-yes") />
                <Choice name="listed" value="false" checked=!listed label=t("people-listed-no") />
            </Choices>
        }
    });
    view! {
        <Section id="others" title=t("others-see")>
            <form method="post" action="/fn/set-about">
                <label>
                    {t("about-you")}
                    <textarea
                        name="text"
                        rows="3"
                        maxlength=MAX_ABOUT_CHARS
                        dir="auto"
                        aria-invalid=wrong
                        aria-describedby=said
                        inner_html=about
                    ></textarea>
                    <small>{t("about-hint")}</small>
                </label>
                <FieldError of="about" sentence=refused />
                <div class="profile-acts">
                    <button class="button-small">{t("about-save")}</button>
                    <a class="button-small" href=format!("/people/{}", user.id)>
                        {t("profile-own")}
                    </a>
                </div>
            </form>
            <form method="post" action="/fn/set-visible">
                {listing}
                <Choices legend=t("wall-notes") name="wall">
                    <Choice name="wall" value="true" checked=wall label=t("wall-yes") />
                    <Choice name="wall" value="false" checked=!wall label=t("wall-no") />
                </Choices>
                <button class="button-small">{t("visible-save")}</button>
            </form>
        </Section>
    }
}

/// Those whom the person has blocked.
#[component]
pub fn BlockedSection(people: Vec<Person>) -> impl IntoView {
    let none = people.is_empty();
    let rows = people.into_iter().map(|person| {
        let Person { id, name, initial, colour, .. } = person;
        let label = t_with(Reason::new("unblock-named").with("name", name.as_str()));
        view! {
            <li>
                <PersonPicture picture=Picture { initial, colour } />
                <a class="room-name" href=format!("/people/{id}") dir="auto">
                    {name}
                </a>
                <form method="post" action="/fn/unblock">
                    <input type="hidden" name="id" value=id.clone() />
                    <input type="hidden" name="back" value="settings" />
                    <button class="button-small" aria-label=label>
                        {t("unblock")}
                    </button>
                </form>
            </li>
        }
    });
    let rows = rows.collect_view();
    view! {
        <Section id="blocked" title=t("blocked-people")>
            {none.then(|| view! { <p class="muted">{t("blocked-nobody")}</p> })}
            <ul class="member-list">{rows}</ul>
        </Section>
    }
}
