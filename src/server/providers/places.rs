//! The order of the providers that administrators added, in which their models are offered.

use super::ModelProviders;
use crate::{
    domain::{Admin, AuditKind, Reason},
    error::AppError,
    server::accounts::audit::Note,
};

impl ModelProviders {
    /// Puts all that were added in this order.
    ///
    /// # Errors
    ///
    /// [`AppError::Invalid`] of `ids` where they are not exactly those that there are.
    pub async fn order(&self, admin: &Admin, ids: &[String]) -> Result<(), AppError> {
        let all = self.store.model_providers().await?;
        let is_whole = all.len() == ids.len() && all.iter().all(|it| ids.contains(&it.id));
        if !is_whole {
            return Err(AppError::invalid("ids", Reason::new("providers-order-not-whole")));
        }
        self.store.order_model_providers(ids).await?;
        let note = Note::by(admin.current(), AuditKind::ProviderChanged);
        self.audit.note(note.saying(Reason::new("audit-provider-order"))).await;
        self.use_it_now().await;
        Ok(())
    }

    /// Moves one by one place; at the end it stays.
    ///
    /// # Errors
    ///
    /// [`AppError::NotFound`].
    pub async fn shift(&self, admin: &Admin, id: &str, up: bool) -> Result<(), AppError> {
        let all = self.store.model_providers().await?;
        let mut ids: Vec<String> = all.into_iter().map(|it| it.id).collect();
        let at = ids.iter().position(|it| it == id).ok_or(AppError::NotFound)?;
        let to = if up { at.saturating_sub(1) } else { (at + 1).min(ids.len() - 1) };
        ids.swap(at, to);
        if at == to { Ok(()) } else { self.order(admin, &ids).await }
    }
}
