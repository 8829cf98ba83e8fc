//! What a browser may ask: server functions of a few lines each, over the same services as the REST API.
//!
//! Each is an ordinary form target too. A form that is posted without JavaScript is answered by a
//! redirect: to where the function says, or back to the page, which then says what went wrong
//! (`server::forms`).

pub mod chat;
pub mod history;
pub mod login;
pub mod settings;
