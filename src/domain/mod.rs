//! The words that server and browser share: plain values, no I/O.
//!
//! Ids are ULIDs as strings, so they sort by the time they were made. Times are UTC milliseconds
//! since 1970.

pub mod amount;
pub mod audit;
pub mod board;
pub mod budget;
pub mod code;
pub mod conversation;
pub mod direct;
pub mod event;
pub mod export;
pub mod identity;
pub mod member;
pub mod message;
pub mod model;
pub mod params;
pub mod person;
pub mod picture;
pub mod preferences;
pub mod presence;
pub mod provider;
pub mod queued;
pub mod reason;
pub mod report;
pub mod room;
pub mod session;
pub mod talk;
pub mod temporary;
pub mod tier;
pub mod user;

pub use audit::{AuditEntry, AuditKind};
pub use board::{Board, BoardNote, BoardPatch, BoardSettings, BoardWriters};
pub use budget::{Budget, ModelSpending, PersonSpending, Spending, SpendingReport};
pub use code::{Code, CodeState, CodeUse, Gain};
pub use conversation::{Binned, Conversation, ConversationKind, ConversationPatch, Page};
pub use direct::{DirectEntry, DirectState, Partner};
pub use event::{AskedQuestion, ChatEvent, SeqEvent};
pub use export::{Export, ExportState};
pub use identity::{ConnectedIdentity, Identity};
pub use member::{Member, MemberRole, MemberState, Notify, OwnPart};
pub use message::{Failure, FailureCode, Message, Role, Siblings, Status, Timings, Usage, context_used};
pub use model::{Listed, Model, ModelAccess, ModelChoices, Price, Traits};
pub use params::Params;
pub use person::{Block, CommonRoom, Note, Person, Profile};
pub use picture::{Picture, PictureColour};
pub use preferences::{Look, Preferences, PreferencesPatch};
pub use presence::{Presence, PresenceState};
pub use provider::{ProviderState, ProviderView};
pub use queued::{QuestionQueue, Queued};
pub use reason::Reason;
pub use report::{Report, ReportEnd, Settled};
pub use room::{Room, RoomAnswers, RoomEntry, RoomPatch, RoomPayer, RoomSettings};
pub use session::{ApiKey, Device, Scope, SessionKind};
pub use talk::{Pinned, PromptRead, Reacted, Reaction, Talk, Version};
pub use temporary::{TEMPORARY, TemporaryMessage};
pub use tier::Tier;
pub use user::{Admin, Authority, CurrentUser, User, UserRole, UserState};

#[cfg(test)]
mod tests {
    use std::{fmt::Debug, str::FromStr};

    use serde::{Serialize, de::DeserializeOwned};
    use strum::VariantArray;

    use super::{
        AuditKind, BoardWriters, CodeState, ConversationKind, DirectState, ExportState, FailureCode,
        MemberRole, MemberState, Notify, PictureColour, PresenceState, Role, RoomAnswers, RoomPayer, Scope,
        SessionKind, Status, UserRole, UserState,
        params::ReasoningEffort,
        preferences::{Palette, Theme},
    };

    fn words<T>()
    where
        T: Copy
            + Debug
            + PartialEq
            + Serialize
            + DeserializeOwned
            + VariantArray
            + FromStr
            + Into<&'static str>,
    {
        for value in T::VARIANTS {
            let word: &str = (*value).into();
            assert_eq!(serde_json::to_value(value).unwrap(), word);
            assert_eq!(word.parse().ok(), Some(*value));
        }
        assert!("".parse::<T>().is_err() && "Admin".parse::<T>().is_err());
    }

    #[test]
    fn a_word_is_the_same_in_json_and_in_a_database() {
        words::<AuditKind>();
        words::<BoardWriters>();
        words::<CodeState>();
        words::<ConversationKind>();
        words::<DirectState>();
        words::<ExportState>();
        words::<FailureCode>();
        words::<MemberRole>();
        words::<MemberState>();
        words::<Notify>();
        words::<Palette>();
        words::<PictureColour>();
        words::<PresenceState>();
        words::<ReasoningEffort>();
        words::<Role>();
        words::<RoomAnswers>();
        words::<RoomPayer>();
        words::<Scope>();
        words::<SessionKind>();
        words::<Status>();
        words::<Theme>();
        words::<UserRole>();
        words::<UserState>();
    }
}
