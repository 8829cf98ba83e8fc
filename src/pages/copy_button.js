// Copies the text of the button before this script. A page that was opened with plain http has no access to the clipboard and
// copies what is selected instead.
(() => {
  const button = document.currentScript.previousElementSibling;
  const label = button.querySelector("span");
  const { text, copied, failed } = button.dataset;
  const before = label.textContent;
  let end;

  const copySelected = () => {
    const area = document.createElement("textarea");
    area.className = "visually-hidden";
    area.value = text;
    button.after(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    button.focus();
    return done;
  };
  const copy = () =>
    isSecureContext ? navigator.clipboard.writeText(text).then(() => true, copySelected) : copySelected();

  button.addEventListener("click", async () => {
    const done = await copy();
    label.textContent = done ? copied : failed;
    button.classList.toggle("copied", done);
    clearTimeout(end);
    // A refusal stays, because it says what to do instead.
    if (!done) return;
    end = setTimeout(() => {
      label.textContent = before;
      button.classList.remove("copied");
    }, 2000);
  });
})();
