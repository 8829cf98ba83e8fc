//! A case about how far a grant reaches.

use crate::{
    domain::{Role, Status},
    server::store::{
        AddOutcome, BeginOutcome, Continuation, ContinueOutcome, Destination, Finish, NewMessage, Store,
        Texts, TreeOutcome,
    },
};

use super::fixtures::{Asking, LATER, NOW, begin, finish, first_turn, message, turn, user};

pub(super) async fn a_grant_reaches_no_further_than_its_conversation(store: &dyn Store) {
    let ada = user(store).await;
    let (here, elsewhere) = (first_turn(&ada), first_turn(&ada));
    for turn in [&here, &elsewhere] {
        begin(store, turn).await;
        let end = Finish { status: Status::Stopped, ..finish("Half", 4) };
        store.finish_message(&turn.answer.id, &end).await.unwrap();
    }
    let grant = store.grant(&ada.id, &here.conversation.id).await.unwrap().unwrap();
    let other = &*elsewhere.answer.id;
    assert!(store.message(&grant, other).await.unwrap().is_none());
    assert!(store.messages_of(&grant, &[other.to_owned()], Texts::All).await.unwrap().is_empty());
    assert_eq!(store.select_branch(&grant, other).await.unwrap(), TreeOutcome::Missing);
    assert_eq!(store.delete_message(&grant, other, NOW).await.unwrap(), TreeOutcome::Missing);
    let how = Continuation { message_id: other, key: None, run: "run", most_running: 9, now: LATER };
    assert_eq!(store.continue_answer(&grant, &how).await.unwrap(), ContinueOutcome::Missing);
    let asked = turn(&ada, &here.conversation, Some(other)).to(Destination::There(grant.clone()));
    assert_eq!(store.begin_answer(&asked).await.unwrap(), BeginOutcome::NoParent);
    let parent = Some(other.to_owned());
    let message = message(&ada.id, &here.conversation.id, parent, Role::User, "Hello");
    let added =
        store.add_message(&grant, &NewMessage { message, key: None, asks: None, now: NOW }).await.unwrap();
    assert_eq!(added, AddOutcome::NoParent);
}
