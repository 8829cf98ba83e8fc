// Brings a page that is loaded to where it was left, or to its newest message, before it is painted. `ui/islands/place.rs`
// stores the place and does the same in a page that is open.
(() => {
  const thread = document.getElementById("thread");
  const [id, block, offset, pinned] = String(history.state ?? "").split(" ");
  const message = id && document.getElementById(id);
  if (!message) {
    const named = document.getElementById(new URLSearchParams(location.search).get("at"));
    if (named) named.scrollIntoView();
    else if (!location.hash && !location.search.includes("before=")) thread.scrollTop = thread.scrollHeight;
    return;
  }
  const question = pinned && document.getElementById(pinned);
  if (question) {
    const messages = question.parentElement;
    const above = question.getBoundingClientRect().top - messages.getBoundingClientRect().top;
    messages.style.minHeight = `${above + thread.clientHeight}px`;
  }
  const at = message.querySelector(".prose")?.children[block] ?? message;
  thread.scrollTop += at.getBoundingClientRect().top - thread.getBoundingClientRect().top - offset;
})();
