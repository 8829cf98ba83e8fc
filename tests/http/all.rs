//! The tests that run on both stores, and what they share.

pub mod app;
mod chat;
mod client;
mod context;
mod conversations;
pub mod database;
mod door;
mod endings;
mod follow;
mod forms;
mod functions;
mod keys;
mod languages;
mod limits;
mod models;
mod openapi;
mod pages;
mod people;
mod proxies;
mod remains;
mod routes;
mod sessions;
mod steer;
mod thinking;
mod time;
mod tokens;
mod windows;
