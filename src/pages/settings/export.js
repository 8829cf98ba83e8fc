// While an export is made, brings what its section says up to date, and nothing else of the page: what is typed beside it
// stays, and so does the focus.
(() => {
  const box = document.getElementById("export");
  const look = async () => {
    if (!box.querySelector("[data-under-way]")) return;
    try {
      const answer = document.hidden ? null : await fetch("/settings/data");
      const page = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
      const now = page && page.getElementById("export");
      if (page && !now) return;
      if (now && now.textContent !== box.textContent) {
        const focused = box.contains(document.activeElement);
        box.replaceChildren(...now.childNodes);
        if (focused) box.querySelector("a, button")?.focus();
      }
    } catch {
      // The server is away for a moment; the next look finds it.
    }
    setTimeout(look, 1500);
  };
  setTimeout(look, 1000);
})();
