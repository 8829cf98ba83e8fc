//! The person's tier, what they used of it today, and how to redeem a code.

use leptos::prelude::*;

use crate::{
    domain::{Budget, Reason},
    pages::{Notice, days::Days, sections::Section, typed_code::CodeField},
    server::accounts::tiers::{OwnTier, name_of},
    ui::words::{t, t_with},
};

/// The section of a page of one's own account.
#[component]
pub fn TierSection(own: OwnTier, budget: Budget, days: Days, notice: Notice) -> impl IntoView {
    let form = notice.of("/fn/redeem");
    let name = t_with(name_of(&own.tier));
    let until =
        own.until.map(|until| t_with(Reason::new("tier-ends-on").with("date", days.date_in_words(until))));
    let has_own = !own.tier.is_default();
    view! {
        <Section id="tier" title=t("tier")>
            <p>
                <strong dir="auto">{name}</strong>
                {until.map(|until| view! { <span class="muted">" · " {until}</span> })}
            </p>
            <Used budget />
            <form method="post" action="/fn/redeem">
                <CodeField form label="code-redeem-label" />
                {has_own
                    .then(|| {
                        view! {
                            <label class="check">
                                <input type="checkbox" name="replace" value="true" />
                                <span>{t("code-replace")}</span>
                            </label>
                        }
                    })}
                <button class="button-small">{t("code-redeem")}</button>
            </form>
        </Section>
    }
}

/// What was used today, of what the tier limits.
#[component]
fn Used(budget: Budget) -> impl IntoView {
    let Budget { used, messages_per_day, tokens_per_day, .. } = budget;
    let of = |key: &'static str, used: u64, most: u64| {
        let said = t_with(Reason::new(key).with("used", used).with("most", most));
        let share = used.min(most).to_string();
        view! {
            <label>
                {said} <meter class="budget" min="0" max=most.max(1).to_string() value=share></meter>
            </label>
        }
    };
    view! {
        {messages_per_day.map(|most| of("budget-messages-used", used.messages, u64::from(most)))}
        {tokens_per_day.map(|most| of("budget-tokens-used", used.tokens, most))}
    }
}
