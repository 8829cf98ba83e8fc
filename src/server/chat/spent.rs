//! [`Spent`]: what an answer costs of a person's budget.

use crate::{
    domain::{Spending, Usage},
    server::llm::PromptMessage,
};

/// Where a provider counts no tokens, and for what was stopped before it said how many: rather too many than too few.
const BYTES_PER_TOKEN: u64 = 3;

/// What was sent to a model and what came back, while that is going on.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Spent {
    sent_bytes: u64,
    written_bytes: u64,
    /// What the provider counted.
    usage: Option<Usage>,
}

impl Spent {
    /// A prompt is sent.
    pub(super) fn send(&mut self, prompt: &[PromptMessage]) {
        self.sent_bytes += prompt.iter().map(|message| message.content.len() as u64).sum::<u64>();
    }

    pub(super) fn write(&mut self, text: &str) {
        self.written_bytes += text.len() as u64;
    }

    pub(super) fn count(&mut self, usage: Usage) {
        self.usage = Some(usage);
    }

    pub(super) fn tokens(&self) -> u64 {
        match self.usage {
            Some(usage) => u64::from(usage.prompt_tokens) + u64::from(usage.completion_tokens),
            None => (self.sent_bytes + self.written_bytes).div_ceil(BYTES_PER_TOKEN),
        }
    }

    /// What an answer costs. One that failed before its first word costs nothing.
    pub(super) fn of_answer(&self, failed: bool) -> Spending {
        match failed && self.written_bytes == 0 || self.sent_bytes == 0 {
            true => Spending::default(),
            false => Spending { messages: 1, tokens: self.tokens() },
        }
    }

    /// What else costs tokens, such as a title.
    pub(super) fn of_others(&self) -> Spending {
        Spending { messages: 0, tokens: self.tokens() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Role;

    fn spent(written: &str) -> Spent {
        let mut spent = Spent::default();
        spent.send(&[PromptMessage { role: Role::User, content: "x".repeat(29) }]);
        spent.write(written);
        spent
    }

    #[test]
    fn what_the_provider_counted_goes_before_the_estimate() {
        let mut some = spent("ab");
        assert_eq!(some.of_answer(false), Spending { messages: 1, tokens: 11 });
        some.count(Usage { prompt_tokens: 5, completion_tokens: u32::MAX });
        assert_eq!(some.of_answer(true), Spending { messages: 1, tokens: u64::from(u32::MAX) + 5 });
        assert_eq!(some.of_others().messages, 0);
    }

    #[test]
    fn an_answer_that_failed_before_its_first_word_costs_nothing() {
        assert_eq!(spent("").of_answer(true), Spending::default());
        assert_eq!(spent("").of_answer(false), Spending { messages: 1, tokens: 10 });
        assert_eq!(spent("a").of_answer(true).messages, 1);
        assert_eq!(Spent::default().of_answer(false), Spending::default(), "nothing was sent");
    }
}
