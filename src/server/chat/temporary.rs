//! Temporary conversations: the page sends all messages so far, and the answer goes to that page only. Nothing is stored:
//! no row, no journal, no log of a conversation; what was written is gone with the page.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use futures::StreamExt;
use tokio::sync::watch;

use super::{
    Chat,
    ask::valid_text,
    choice::ChosenModel,
    job::{internal_failure, stopped, stopwatch::Stopwatch},
    keys,
    prompt::{self, Prompt},
    spent::Spent,
    title,
};
use crate::{
    domain::{
        ChatEvent, CurrentUser, Message, Reason, Role, Status, Talk, TemporaryMessage, Timings, Usage, User,
    },
    error::AppError,
    server::{
        conversations::{allowance::Allowances, models::valid_model},
        live::{
            alone::AloneLog,
            log::{Log, StopReason},
        },
        llm::{ChatRequest, Delta, LlmError, MAX_ANSWER_BYTES, PromptMessage},
        ops::tasks::caught,
        store::Created,
    },
};

/// The most messages of a temporary conversation.
const MAX_MESSAGES: usize = 1_000;

/// How many temporary answers are being written for each person.
#[derive(Clone, Default)]
pub(super) struct Temporary(Arc<Mutex<HashMap<String, u32>>>);

impl Temporary {
    pub(super) fn of(&self, user_id: &str) -> u32 {
        self.lock().get(user_id).copied().unwrap_or_default()
    }

    fn begin(&self, user_id: &str) -> Counted {
        *self.lock().entry(user_id.to_owned()).or_default() += 1;
        Counted { temporary: self.clone(), user_id: user_id.to_owned() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A temporary answer that is being written; it counts until this is dropped.
struct Counted {
    temporary: Temporary,
    user_id: String,
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut all = self.temporary.lock();
        if let Some(count) = all.get_mut(&self.user_id) {
            *count -= 1;
            if *count == 0 {
                all.remove(&self.user_id);
            }
        }
    }
}

/// An answer that is kept nowhere.
struct Answer {
    id: String,
    log: Arc<Log>,
    model: ChosenModel,
    prompt: Prompt,
    stopwatch: Stopwatch,
    spent: Spent,
    allowances: Arc<Allowances>,
    counted: Counted,
}

impl Chat {
    /// Begins the answer to the last of these messages. It stops when the log is dropped.
    ///
    /// # Errors
    ///
    /// The last message is no question, or too long; the person has too many running answers.
    pub async fn ask_temporary(
        self: &Arc<Self>,
        current: &CurrentUser,
        messages: Vec<TemporaryMessage>,
        model: Option<&str>,
    ) -> Result<AloneLog, AppError> {
        if messages.last().is_none_or(|last| last.role != Role::User) {
            return Err(AppError::invalid("messages", Reason::new("temporary-no-question")));
        }
        self.check(&messages)?;
        let message = |TemporaryMessage { role, text, .. }| PromptMessage { role, content: text };
        let messages = messages.into_iter().map(message).collect();
        let model = self.choose_model(&current.user, model, None).await?;
        let prompt = prompt::of_texts(
            messages,
            &current.user.preferences,
            model.provider.traits(&model.name).context,
        )?;
        let counted = self.admit_temporary(&current.user).await?;
        let log = Arc::new(Log::new(0));
        let (id, model_id) = (self.ids.next(), model.id.clone());
        let (_, stop) = log.begin(&id, 0);
        let stopwatch = Stopwatch::start(Timings::default(), Instant::now());
        let answer = Answer {
            id: id.clone(),
            log: log.clone(),
            model,
            prompt,
            stopwatch,
            spent: Spent::default(),
            allowances: self.allowances.clone(),
            counted,
        };
        let draining = self.live.draining();
        if !self.tasks.spawn("temporary answer", answer.write(stop, draining)) {
            return Err(AppError::Stopping);
        }
        Ok(AloneLog::new(log, id, model_id))
    }

    fn check(&self, messages: &[TemporaryMessage]) -> Result<(), AppError> {
        let refused = |reason| Err(AppError::invalid("messages", reason));
        if messages.len() > MAX_MESSAGES {
            return refused(Reason::new("temporary-too-long").with("most", MAX_MESSAGES));
        }
        if messages.first().is_none_or(|first| first.role != Role::User)
            || messages.iter().any(|message| message.role == Role::System)
        {
            return refused(Reason::new("temporary-no-question"));
        }
        for TemporaryMessage { role, text, .. } in messages {
            // An answer that failed before its first word is empty.
            match role {
                Role::User => drop(valid_text(text, self.limits.message_bytes)?),
                _ if text.len() > MAX_ANSWER_BYTES => {
                    return Err(AppError::TooLong { size: Some(text.len()), limit: MAX_ANSWER_BYTES });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Stores a temporary conversation as one like any other, with the texts that its page has. Answers without a text are
    /// left out. Another request with the same key answers what the first one stored; the key is one of [`keys::of_page`] for
    /// [`parts_of_kept`], so it stands for these texts.
    ///
    /// # Errors
    ///
    /// There is no question, or a text is too long.
    pub async fn keep_temporary(
        &self,
        current: &CurrentUser,
        messages: Vec<TemporaryMessage>,
        model: Option<&str>,
        key: Option<&str>,
    ) -> Result<String, AppError> {
        self.check(&messages)?;
        let key = keys::of(key, keys::Request { what: "keep", parts: &[] })?;
        let writers = self.writers(&current.user, &messages).await;
        let model = self.offered(&current.user, model.unwrap_or_default()).await;
        let title = messages.first().map(|first| title::first_words(&first.text)).unwrap_or_default();
        let to = self.new_conversation_of(current, title);
        let mut stored: Vec<Message> = Vec::new();
        for TemporaryMessage { role, text, model } in messages.into_iter().filter(|it| !it.text.is_empty()) {
            let parent_id = stored.last().map(|last| last.id.clone());
            let mut message = self.message(&to, self.ids.next(), parent_id, role);
            message.status = Status::Complete;
            message.model =
                model.and_then(|model| writers.get(&model).cloned()).filter(|_| role == Role::Assistant);
            message.content = text;
            stored.push(message);
        }
        let mut conversation = to.conversation().clone();
        conversation.leaf_id = stored.last().map(|last| last.id.clone());
        conversation.model = model;
        match self.store.create_with_messages(current.id(), &conversation, &stored, key.as_ref()).await? {
            Created::New => Ok(conversation.id),
            Created::Repeated { conversation_id } => Ok(conversation_id),
            Created::KeyReused => Err(AppError::IdempotencyKeyReused),
        }
    }

    /// The whole ids of the models that the messages name, by the names that they have there.
    async fn writers(&self, user: &User, messages: &[TemporaryMessage]) -> HashMap<String, String> {
        let mut writers = HashMap::new();
        for named in messages.iter().filter_map(|message| message.model.as_ref()) {
            if !writers.contains_key(named)
                && let Some(id) = self.offered(user, named).await
            {
                writers.insert(named.clone(), id);
            }
        }
        writers
    }

    /// The whole id of a model that a page names; `None` for one that is not offered, or not any more. A conversation is
    /// kept without it, because its texts are worth more than the name, and the server stores no name that it does not know.
    async fn offered(&self, user: &User, named: &str) -> Option<String> {
        let id = valid_model(named).ok().filter(|id| !id.is_empty())?;
        Some(self.models.of(user).await.ok()?.find_chosen(id).await?.id)
    }

    /// Counts one more temporary answer of the person, who may have a number of running answers of all kinds.
    async fn admit_temporary(&self, user: &User) -> Result<Counted, AppError> {
        let _turn = self.live.in_turn(&user.id).await?;
        if self.live.is_draining() {
            return Err(AppError::Stopping);
        }
        let (most, refusal) = self.most_running(user, user).await?;
        if self.store.running_answers(&user.id).await? >= most {
            return Err(refusal);
        }
        Ok(self.temporary.begin(&user.id))
    }

    /// How many answers of the person may be stored as being written, and the error for one more. Each of them will be
    /// counted among the messages of the `payer`'s day, so there are no more of them than the day has left.
    pub(super) async fn most_running(&self, user: &User, payer: &User) -> Result<(u32, AppError), AppError> {
        let most = self.limits.answers_per_user;
        let (most, refusal) = match self.allowances.left(payer).await? {
            Some(left) if left.messages < most => (left.messages, left.refusal),
            _ => (most, AppError::TooManyAnswers { most }),
        };
        Ok((most.saturating_sub(self.temporary.of(&user.id)), refusal))
    }
}

/// What a key of a kept conversation names.
pub fn parts_of_kept<'a>(messages: &'a [TemporaryMessage], model: Option<&'a str>) -> Vec<&'a str> {
    let of_message = |message: &'a TemporaryMessage| {
        [message.role.into_str(), &message.text, message.model.as_deref().unwrap_or_default()]
    };
    [model.unwrap_or_default()].into_iter().chain(messages.iter().flat_map(of_message)).collect()
}

impl Answer {
    async fn write(
        mut self,
        mut stop: watch::Receiver<Option<StopReason>>,
        mut draining: watch::Receiver<bool>,
    ) {
        self.log.tell(
            &self.id,
            ChatEvent::Started {
                message_id: self.id.clone(),
                model: self.model.id.clone(),
                parent_id: None,
                question: None,
                left_out: self.prompt.left_out,
                author_id: String::new(),
                talk: Talk::default(),
            },
        );
        // Whatever ends it, the request to the provider is dropped, which closes it.
        let end = tokio::select! {
            biased;
            _ = stopped(&mut stop) => Ok((Status::Stopped, None, false)),
            _ = draining.wait_for(|draining| *draining) => Ok((Status::Interrupted, None, false)),
            read = caught(self.read()) => match read {
                Ok(Ok((usage, length_limited))) => Ok((Status::Complete, usage, length_limited)),
                Ok(Err(error)) => {
                    // Without the detail: a provider may repeat in it what the person wrote, which is stored nowhere.
                    tracing::warn!(
                        provider = self.model.provider.name(),
                        code = error.failure.code.into_str(),
                        reason = error.failure.reason.key(),
                        "the provider gave no whole answer"
                    );
                    Err(error.failure)
                }
                Err(panic) => {
                    tracing::error!(panic, "a temporary answer ended in a panic");
                    Err(internal_failure())
                }
            },
        };
        let spending = self.spent.of_answer(end.is_err());
        self.allowances.count(&self.counted.user_id, &self.model.id, spending).await;
        let (message_id, timings) = (self.id.clone(), self.stopwatch.timings(Instant::now()));
        let end = match end {
            Ok((status, usage, length_limited)) => {
                ChatEvent::Done { message_id, status, usage, length_limited, timings }
            }
            Err(failure) => ChatEvent::failed(message_id, failure, timings),
        };
        self.log.tell(&self.id, end);
        self.log.end(&self.id);
    }

    /// Reads the model's stream to its end.
    async fn read(&mut self) -> Result<(Option<Usage>, bool), LlmError> {
        let messages = std::mem::take(&mut self.prompt.messages);
        self.spent.send(&messages);
        let request =
            ChatRequest { model: self.model.name.clone(), messages, params: self.prompt.params.clone() };
        let mut stream = self.model.provider.chat(request).await?;
        let (mut usage, mut length_limited, mut bytes) = (None, false, 0);
        while let Some(delta) = stream.next().await {
            let delta = delta?;
            if let Delta::Text(text) | Delta::Reasoning(text) = &delta {
                self.spent.write(text);
                bytes += text.len();
                // The page sends the text back, and may not send more.
                if bytes > MAX_ANSWER_BYTES {
                    return Ok((usage, true));
                }
            }
            match delta {
                Delta::Text(text) => {
                    self.stopwatch.text(Instant::now());
                    self.log.append(&self.id, &text, "");
                }
                Delta::Reasoning(text) => {
                    self.stopwatch.reasoning(Instant::now());
                    self.log.append(&self.id, "", &text);
                }
                Delta::TextWasReasoning => {
                    self.stopwatch.text_was_reasoning(Instant::now());
                    self.log.content_was_reasoning(&self.id, 0);
                }
                Delta::Usage(counted) => {
                    self.spent.count(counted);
                    usage = Some(counted);
                }
                Delta::LengthLimit => length_limited = true,
            }
        }
        Ok((usage, length_limited))
    }
}
