//! What a browser may ask: server functions of a few lines each, over the same services as the REST API.
//!
//! Each is an ordinary form target too. A form that is posted without JavaScript is answered by a redirect: to the page that
//! the function names, or back to the form's page, which then says why the form was refused (`server::http::forms`).

pub mod admin;
pub mod board;
pub mod bring_in;
pub mod chat;
pub mod codes;
pub mod device;
pub mod devices;
pub mod exports;
pub mod history;
pub mod identities;
pub mod login;
pub mod marks;
pub mod people;
pub mod proof;
pub mod providers;
pub mod queue;
pub mod room_messages;
pub mod rooms;
pub mod second_factor;
pub mod settings;
pub mod temporary;
