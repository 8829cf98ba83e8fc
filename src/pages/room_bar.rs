//! The bar above the thread of a room: its name, topic and people, and the ways to them and to its settings.

use leptos::prelude::*;

use crate::{
    domain::{ConversationKind, CurrentUser, Notify, Partner, Picture, Reason, Room, RoomAnswers},
    error::AppError,
    pages::{days::Days, layout::Bar, people::direct_bar::DirectBar, room_menu::RoomMenu},
    server::{
        conversations::Grant,
        rooms::{AccessLevel, Rooms},
        words,
    },
    ui::{
        parts::Icon,
        words::{t, t_with},
    },
};

/// What the bar and the composer of a room say.
#[derive(Clone, Debug)]
pub struct RoomTop {
    room: Room,
    level: AccessLevel,
    notify: Notify,
    /// How many reports are open.
    reports: u32,
    /// The other person, where it is a conversation of two.
    direct: Option<(Partner, Picture)>,
    /// What the name is of the person who copied the first messages, if they take part or did.
    copied_by: Option<String>,
}

impl RoomTop {
    pub async fn load(rooms: &Rooms, current: &CurrentUser, grant: &Grant) -> Result<Self, AppError> {
        let open = rooms.open_shared(current, grant.conversation_id()).await?;
        let copied_by = match &open.room.copied_by {
            Some(id) => rooms.people_of(grant, vec![id.clone()]).await?.remove(id),
            None => None,
        };
        let copied_by = copied_by.map(|person| person.member.name);
        let (level, reports) = (open.grant.level(), rooms.open_reports(&open.grant).await?);
        Ok(Self { room: open.room, level, notify: open.own.notify, reports, direct: open.partner, copied_by })
    }

    /// What stands above the first message of a room that was copied from a private conversation.
    pub fn copied(&self, days: Days) -> Option<String> {
        let date = days.date_in_words(self.room.copied_at?);
        let reason = match &self.copied_by {
            Some(name) => Reason::new("room-copied-by").with("name", name.as_str()).with("date", date),
            None => Reason::new("room-copied").with("date", date),
        };
        Some(words::current().text(&reason))
    }

    /// What stands in the empty composer.
    pub fn placeholder(&self) -> String {
        let key = match self.room.settings.answers {
            _ if self.direct.is_some() => "direct-write-to",
            RoomAnswers::Mention => "room-write-mention",
            RoomAnswers::Always => "room-write-always",
            RoomAnswers::Asked => "room-write",
        };
        // The page is not being rendered yet.
        words::current().text(&Reason::new(key).with("name", self.room.name.as_str()))
    }

    /// Why one cannot write, in words; `None`: one can.
    pub fn only_reads(&self) -> Option<String> {
        let reads = self.level < AccessLevel::Member;
        let (key, name) = match &self.direct {
            Some((partner, _)) => {
                (partner.state.why_not().or(reads.then_some("direct-only-read")), &partner.name)
            }
            None => (reads.then_some("room-only-read"), &self.room.name),
        };
        Some(words::current().text(&Reason::new(key?).with("name", name.as_str())))
    }

    pub fn manages(&self) -> bool {
        self.level >= AccessLevel::Moderator
    }

    /// Whether the composer has a button that asks the model.
    pub fn asks(&self) -> bool {
        self.room.settings.answers == RoomAnswers::Asked && self.level >= AccessLevel::Member
    }
}

#[component]
pub fn RoomBar(top: RoomTop) -> impl IntoView {
    let RoomTop { room, level, notify, reports, direct, .. } = top;
    if let Some((partner, picture)) = direct {
        return view! { <DirectBar id=room.id partner picture notify /> }.into_any();
    }
    let id = room.id.clone();
    let count = t_with(Reason::new("room-member-count").with("count", room.member_count));
    let (members, settings) = (format!("/rooms/{}/members", room.id), format!("/rooms/{}/settings", room.id));
    let manages = level >= AccessLevel::Moderator;
    let invites = manages && room.kind == ConversationKind::Room;
    view! {
        <Bar title=room.name about=room.settings.topic>
            <a class="button-bare" href=members aria-label=count.clone() title=count>
                <Icon name="people" />
                <span class="bar-count">{room.member_count}</span>
            </a>
            {manages
                .then(|| {
                    view! {
                        <a class="button-bare" href=settings aria-label=t("room-settings") title=t("room-settings")>
                            <Icon name="settings" />
                        </a>
                    }
                })}
            <RoomMenu id notify reports invites />
        </Bar>
    }
    .into_any()
}
