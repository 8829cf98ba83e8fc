//! [`Socket`]: the page's WebSocket, which brings what the server tells and takes what the page says.

use std::{cell::RefCell, rc::Rc};

use futures::{
    StreamExt,
    channel::mpsc::{UnboundedReceiver, unbounded},
};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{CloseEvent, MessageEvent, WebSocket};

thread_local! {
    /// The one that is open, for those who only say something.
    static OPEN: RefCell<Option<WebSocket>> = const { RefCell::new(None) };
}

/// The reason with which the server closes the socket of somebody whose session has ended.
const SESSION_ENDED: &str = "session_ended";

pub(super) struct Socket {
    socket: WebSocket,
    closed: Rc<RefCell<String>>,
    heard: UnboundedReceiver<String>,
    _message: Closure<dyn FnMut(MessageEvent)>,
    _open: Closure<dyn FnMut()>,
    _close: Closure<dyn FnMut(CloseEvent)>,
}

impl Socket {
    /// `None`: the browser refuses to open one.
    pub fn open() -> Option<Self> {
        let origin = window().location().origin().ok()?;
        // `https` becomes `wss`.
        let socket = WebSocket::new(&format!("{}/ws", origin.replacen("http", "ws", 1))).ok()?;
        let (send, heard) = unbounded();
        let (opened, told) = (send.clone(), send.clone());
        let message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            if let Some(text) = event.data().as_string() {
                let _ = told.unbounded_send(text);
            }
        });
        let open = Closure::<dyn FnMut()>::new(move || {
            let _ = opened.unbounded_send(String::new());
        });
        let closed = Rc::new(RefCell::new(String::new()));
        let reason = closed.clone();
        let close = Closure::<dyn FnMut(CloseEvent)>::new(move |event: CloseEvent| {
            reason.replace(event.reason());
            send.close_channel();
        });
        socket.set_onmessage(Some(message.as_ref().unchecked_ref()));
        socket.set_onopen(Some(open.as_ref().unchecked_ref()));
        socket.set_onclose(Some(close.as_ref().unchecked_ref()));
        OPEN.set(Some(socket.clone()));
        Some(Self { socket, closed, heard, _message: message, _open: open, _close: close })
    }

    /// The next message of the server; an empty text when the socket has opened, `None` when it is closed.
    pub async fn next(&mut self) -> Option<String> {
        self.heard.next().await
    }

    /// The next message that is there already.
    pub fn ready(&mut self) -> Option<String> {
        self.heard.try_recv().ok()
    }

    /// Whether the server closed it because the person is signed out.
    pub fn session_ended(&self) -> bool {
        *self.closed.borrow() == SESSION_ENDED
    }

    pub fn say(&self, message: &str) {
        let _ = self.socket.send_with_str(message);
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        self.socket.set_onopen(None);
        if self.socket.ready_state() == WebSocket::CONNECTING {
            // Browsers complain about one that is closed before it is open.
            let socket = self.socket.clone();
            let close = Closure::once_into_js(move || drop(socket.close()));
            self.socket.set_onopen(Some(close.unchecked_ref()));
        } else {
            let _ = self.socket.close();
        }
        OPEN.with_borrow_mut(|open| {
            if open.as_ref() == Some(&self.socket) {
                *open = None;
            }
        });
    }
}

/// Says something, if a socket is open.
pub(super) fn say(message: &str) {
    OPEN.with_borrow(|open| {
        if let Some(socket) = open.as_ref().filter(|socket| socket.ready_state() == WebSocket::OPEN) {
            let _ = socket.send_with_str(message);
        }
    });
}
