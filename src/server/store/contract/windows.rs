//! Cases about windows of a conversation: the store reads the lengths of messages first, then the texts that fit.

use std::collections::HashSet;

use crate::{
    domain::Conversation,
    server::store::{Branch, Finish, Opening, Reach, Store, Texts},
};

use super::fixtures::{
    Asking, NOW, NewTurn, another_answer, begin, finish, first_turn, interrupt, turn, user,
};

/// Stores a turn with these texts: the question, the answer, and the answer's reasoning.
async fn talk(store: &dyn Store, mut turn: NewTurn, texts: [&str; 3]) -> NewTurn {
    let [question, answer, reasoning] = texts;
    if let Some(asked) = &mut turn.question {
        asked.content = question.to_owned();
    }
    begin(store, &turn).await;
    let end = Finish { reasoning: reasoning.to_owned(), ..finish(answer, 1) };
    assert!(store.finish_message(&turn.answer.id, &end).await.unwrap());
    turn
}

fn reach(messages: usize, bytes: u64) -> Reach {
    Reach { messages, bytes, texts: Texts::All }
}

pub(super) async fn outlines_tell_lengths_in_bytes(store: &dyn Store) {
    let ada = user(store).await;
    let texts = [("a", "", ""), ("日本語 👩‍👩‍👧 e\u{301}", "nul \0 inside \0", "Grüße"), ("$x", "x", "\0")];
    let mut parent = None;
    let mut conversation = None;
    for (question, answer, reasoning) in texts {
        let next = match &conversation {
            None => first_turn(&ada),
            Some(it) => turn(&ada, it, parent.as_deref()),
        };
        let next = talk(store, next, [question, answer, reasoning]).await;
        parent = Some(next.answer.id.clone());
        conversation = Some(next.conversation.clone());
    }
    let it = store.grant(&ada.id, &conversation.unwrap().id).await.unwrap().unwrap();
    let outlines = store.outlines_back(&it, None, 100).await.unwrap();
    let told: Vec<_> =
        outlines.iter().map(|o| (o.content_bytes as usize, o.reasoning_bytes as usize)).collect();
    let wanted: Vec<_> = texts
        .iter()
        .rev()
        .flat_map(|(question, answer, reasoning)| [(answer.len(), reasoning.len()), (question.len(), 0)])
        .collect();
    assert_eq!(told, wanted);
    for pair in outlines.windows(2) {
        assert_eq!(pair[0].parent_id.as_ref(), Some(&pair[1].id));
    }
    assert_eq!(outlines.last().unwrap().parent_id, None);
    assert_eq!(store.outlines_back(&it, Some(&outlines[2].id), 2).await.unwrap(), outlines[2..4]);
    assert_eq!(store.outlines_back(&it, None, 0).await.unwrap(), []);
    assert_eq!(store.outlines_back(&it, Some("\0$'"), 5).await.unwrap(), []);
}

pub(super) async fn a_branch_is_followed_back_to_a_message(store: &dyn Store) {
    let ada = user(store).await;
    let one = talk(store, first_turn(&ada), ["One", "1", ""]).await;
    let two = talk(store, turn(&ada, &one.conversation, Some(&one.answer.id)), ["Two", "2", ""]).await;
    // Another branch, between the first and the last turn.
    let aside = talk(store, turn(&ada, &one.conversation, Some(&one.answer.id)), ["Aside", "A", ""]).await;
    let three = talk(store, turn(&ada, &one.conversation, Some(&two.answer.id)), ["Three", "3", ""]).await;
    let it = &store.grant(&ada.id, &one.conversation.id).await.unwrap().unwrap();
    let question = |turn: &NewTurn| turn.question.clone().unwrap().id;
    let back = async |oldest: &str| {
        let leaf = (&*three.answer.id, oldest);
        let branch = Branch::find_back_to(store, it, leaf, reach(99, u64::MAX)).await.unwrap();
        (branch.outlines().iter().map(|outline| outline.id.clone()).collect::<Vec<_>>(), branch.more)
    };
    let mut wanted = vec![three.answer.id.clone(), question(&three)];
    assert_eq!(back(&three.answer.id).await, (wanted[..1].to_vec(), true));
    assert_eq!(back(&question(&aside)).await, (wanted.clone(), true));
    wanted.push(two.answer.id.clone());
    assert_eq!(back(&two.answer.id).await, (wanted.clone(), true));
    wanted.extend([question(&two), one.answer.id.clone(), question(&one)]);
    assert_eq!(back(&question(&one)).await, (wanted, false));
}

pub(super) async fn outlines_and_questions_tell_when_a_message_was_made(store: &dyn Store) {
    let ada = user(store).await;
    let mut first = first_turn(&ada);
    first.question.as_mut().unwrap().created_at = NOW + 1;
    first.answer.created_at = NOW + 2;
    let first = talk(store, first, ["Why?", "So.", ""]).await;
    let it = &store.grant(&ada.id, &first.conversation.id).await.unwrap().unwrap();
    let outlines = store.outlines_back(it, None, 9).await.unwrap();
    assert_eq!(outlines.iter().map(|outline| outline.created_at).collect::<Vec<_>>(), [NOW + 2, NOW + 1]);
    let ids: Vec<String> = outlines.into_iter().map(|outline| outline.id).collect();
    assert_eq!(store.openings(it, &ids, 9).await.unwrap()[0].created_at, NOW + 1);
    // A branch knows when the message before it was made, whatever ends it.
    let mut branch = Branch::find(store, it, Some(&first.answer.id), reach(1, u64::MAX)).await.unwrap();
    assert_eq!((branch.more, branch.created_before), (true, Some(NOW + 1)));
    branch = Branch::find(store, it, Some(&first.answer.id), reach(9, u64::MAX)).await.unwrap();
    assert_eq!(branch.created_before, None);
    let (question, answer) = (&*ids[1], &*ids[0]);
    for (oldest, before) in [(answer, Some(NOW + 1)), (question, None), ("z", Some(NOW + 2))] {
        branch = Branch::find_back_to(store, it, (answer, oldest), reach(9, u64::MAX)).await.unwrap();
        assert_eq!((branch.more, branch.created_before), (before.is_some(), before), "{oldest}");
    }
}

pub(super) async fn questions_are_read_by_their_beginnings(store: &dyn Store) {
    let ada = user(store).await;
    let long = "日本語👩‍👩‍👧".repeat(50_000);
    let one = talk(store, first_turn(&ada), [&long, "An answer.", "Hm."]).await;
    let two = talk(store, turn(&ada, &one.conversation, Some(&one.answer.id)), ["$x\0é", &long, ""]).await;
    let other = talk(store, first_turn(&ada), ["Where?", "There.", ""]).await;
    let question = |turn: &NewTurn| turn.question.clone().unwrap().id;
    let it = &store.grant(&ada.id, &one.conversation.id).await.unwrap().unwrap();
    let ids =
        [question(&two), one.answer.id.clone(), question(&one), question(&other), two.answer.id.clone()];
    let told = |openings: Vec<Opening>| -> Vec<(String, String)> {
        openings.into_iter().map(|opening| (opening.id, opening.text)).collect()
    };
    let begins: String = long.chars().take(7).collect();
    let wanted = [(question(&one), begins), (question(&two), "$x\0é".to_owned())];
    assert_eq!(told(store.openings(it, &ids, 7).await.unwrap()), wanted);
    assert_eq!(told(store.openings(it, &ids[..2], 1).await.unwrap()), [(question(&two), "$".to_owned())]);
    assert_eq!(told(store.openings(it, &ids[..2], 3).await.unwrap()), [(question(&two), "$x\0".to_owned())]);
    assert!(store.openings(it, &[], 7).await.unwrap().is_empty());
    assert!(store.openings(it, &["\"],\0".to_owned()], 7).await.unwrap().is_empty());
}

pub(super) async fn named_messages_are_read(store: &dyn Store) {
    let ada = user(store).await;
    let one = talk(store, first_turn(&ada), ["Why?", "So.", "Hm."]).await;
    let other = talk(store, first_turn(&ada), ["Where?", "There.", "Let me see."]).await;
    let [question, answer] = [one.question.clone().unwrap().id, one.answer.id.clone()];
    let it = &store.grant(&ada.id, &one.conversation.id).await.unwrap().unwrap();
    let named =
        [question.clone(), other.answer.id.clone(), answer.clone(), "none".to_owned(), "\"],\0".to_owned()];
    let whole = store.messages_of(it, &named, Texts::All).await.unwrap();
    assert_eq!(whole.iter().map(|m| &m.id).collect::<Vec<_>>(), [&answer, &question]);
    assert_eq!((&*whole[0].content, &*whole[0].reasoning), ("So.", "Hm."));
    assert_eq!(Some(&whole[0]), store.stored(&ada.id, &answer).await.unwrap().as_ref());
    let mut without = store.messages_of(it, &named, Texts::WithoutReasoning).await.unwrap();
    assert_eq!(without[0].reasoning, "");
    without[0].reasoning = "Hm.".to_owned();
    assert_eq!(without, whole);
    assert!(store.messages_of(it, &[], Texts::All).await.unwrap().is_empty());
}

pub(super) async fn a_window_ends_at_its_bytes(store: &dyn Store) {
    let ada = user(store).await;
    let long = "ä".repeat(2_000);
    let one = talk(store, first_turn(&ada), ["one", "1", ""]).await;
    let two = talk(store, turn(&ada, &one.conversation, Some(&one.answer.id)), ["two", "2", &long]).await;
    let three = talk(store, turn(&ada, &one.conversation, Some(&two.answer.id)), [&long, "3", ""]).await;
    let ids = |turn: &NewTurn| [turn.answer.id.clone(), turn.question.clone().unwrap().id];
    let all = [ids(&three), ids(&two), ids(&one)].concat();
    let it = &store.grant(&ada.id, &one.conversation.id).await.unwrap().unwrap();
    for (reach, count, bytes) in [
        (reach(100, 0), 1, 1),
        (reach(100, 4_000), 1, 1),
        (reach(100, 4_001), 2, 4_001),
        (reach(100, 8_001), 2, 4_001),
        (reach(100, 8_002), 3, 8_002),
        (reach(100, 8_005), 4, 8_005),
        (reach(100, u64::MAX), 6, 8_009),
        (reach(2, u64::MAX), 2, 4_001),
        // Reasoning does not count if it is not read.
        (Reach { texts: Texts::WithoutReasoning, ..reach(100, 4_005) }, 4, 4_005),
    ] {
        let branch = Branch::find(store, it, Some(&three.answer.id), reach).await.unwrap();
        let read = branch.read(store, it).await.unwrap();
        let found: Vec<_> = read.iter().map(|m| m.id.clone()).collect();
        assert_eq!(found, all[..count], "{reach:?}");
        assert_eq!((branch.bytes(), branch.more), (bytes, count < 6), "{reach:?}");
        let texts = read.iter().map(|m| m.content.len() + m.reasoning.len()).sum::<usize>();
        assert_eq!(texts as u64, bytes);
    }
    // A message that is longer than a window is a window of its own.
    let branch = Branch::find(store, it, Some(&all[1]), reach(50, 10)).await.unwrap();
    assert_eq!((branch.bytes(), branch.more), (4_000, true));
}

/// Random numbers that are the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

pub(super) async fn walking_back_gives_every_message_once(store: &dyn Store) {
    let ada = user(store).await;
    let mut dice = Dice(7);
    let first = talk(store, first_turn(&ada), ["0", "0", ""]).await;
    let it: &Conversation = &first.conversation;
    // The messages of the branch, newest first. Messages of other branches lie between them.
    let mut branch = vec![first.answer.id.clone(), first.question.clone().unwrap().id];
    for number in 1..40 {
        let [question, answer, reasoning] =
            [300, 900, 200].map(|most| "ß".repeat(dice.below(most) as usize) + &number.to_string());
        let texts = [&*question, &*answer, &*reasoning];
        let next = talk(store, turn(&ada, it, Some(&branch[0])), texts).await;
        let asked = next.question.clone().unwrap().id;
        branch.splice(0..0, [next.answer.id.clone(), asked.clone()]);
        for _ in 0..dice.below(4) {
            let again = talk(store, another_answer(&ada, it, Some(&asked)), texts).await;
            if dice.below(2) == 0 {
                branch[0] = again.answer.id;
            }
        }
    }
    let grant = &store.grant(&ada.id, &it.id).await.unwrap().unwrap();
    for _ in 0..12 {
        let reach = reach(1 + dice.below(20) as usize, dice.below(6_000));
        let (mut seen, mut leaf) = (Vec::new(), Some(branch[0].clone()));
        while let Some(from) = leaf.take() {
            let window = Branch::find(store, grant, Some(&from), reach).await.unwrap();
            let read = window.read(store, grant).await.unwrap();
            assert!(read.len() <= reach.messages && (window.bytes() <= reach.bytes || read.len() == 1));
            let oldest = read.last().unwrap();
            assert_eq!(window.more, oldest.parent_id.is_some());
            leaf.clone_from(&oldest.parent_id);
            seen.extend(read.into_iter().map(|message| message.id));
        }
        assert_eq!(seen, branch, "{reach:?}");
    }
    assert_eq!(branch.iter().collect::<HashSet<_>>().len(), branch.len());
}

pub(super) async fn a_missing_parent_ends_a_branch(store: &dyn Store) {
    let ada = user(store).await;
    let turn = first_turn(&ada);
    begin(store, &turn).await;
    let it = &store.grant(&ada.id, &turn.conversation.id).await.unwrap().unwrap();
    let find = async |leaf: Option<&str>| Branch::find(store, it, leaf, reach(9, 9)).await.unwrap();
    assert!(find(None).await.read(store, it).await.unwrap().is_empty());
    for nobody in ["", "none", "zzz", "\0"] {
        let branch = find(Some(nobody)).await;
        assert!(branch.read(store, it).await.unwrap().is_empty() && !branch.more && !branch.begins_empty());
    }
    assert!(find(Some(&turn.answer.id)).await.begins_empty());
    assert_eq!(interrupt(store).await, 1);
}

pub(super) async fn messages_beyond_a_window_are_counted(store: &dyn Store) {
    let ada = user(store).await;
    let first = talk(store, first_turn(&ada), ["q", "a", ""]).await;
    let it = first.conversation;
    let mut leaf = first.answer.id;
    for number in 1..10 {
        // The fourth answer failed before its first word.
        let texts = ["q", if number == 4 { "" } else { "a" }, ""];
        let next = talk(store, turn(&ada, &it, Some(&leaf)), texts).await;
        // This answer is in another branch.
        let asked = next.question.map(|question| question.id);
        talk(store, another_answer(&ada, &it, asked.as_deref()), ["", "beside", ""]).await;
        leaf = next.answer.id;
    }
    let grant = &store.grant(&ada.id, &it.id).await.unwrap().unwrap();
    for (messages, most, count) in
        [(20, 100, 0), (19, 100, 1), (10, 100, 9), (9, 100, 10), (2, 100, 17), (2, 5, 5)]
    {
        let branch = Branch::find(store, grant, Some(&leaf), reach(messages, u64::MAX)).await.unwrap();
        assert_eq!(branch.count_beyond(store, grant, most).await.unwrap(), count, "{messages} {most}");
    }
    let nothing = Branch::find(store, grant, None, reach(5, 5)).await.unwrap();
    assert_eq!(nothing.count_beyond(store, grant, 9).await.unwrap(), 0);
}
