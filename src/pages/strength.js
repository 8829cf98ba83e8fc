// Says beside a new password how long it would hold, as it is typed. An estimate that errs downwards: what the server
// refuses (`accounts/passwords/guessable.rs`) is never called good, although its list is not here.
(() => {
  const box = document.currentScript.previousElementSibling;
  const [meter, text] = box.children;
  const form = box.closest("form");
  const field = form.querySelector("[autocomplete=new-password]");
  const { least, most, short, long, levels, known, walks } = box.dataset;
  const ways = walks.split(" ").flatMap((way) => [way, [...way].reverse().join("")]);
  const prepared = (typed) => typed.replace(/\s/g, " ").normalize("NFC");
  const together = (word) => word.replace(/[ ._@-]/g, "");

  const letters = { 0: "o", 1: "i", "!": "i", "|": "i", 3: "e", "€": "e", 4: "a", "@": "a", 5: "s", $: "s", 7: "t" };
  const read = (part) => part.replace(/[01!|3€4@5$7]/g, (sign) => letters[sign]);

  // What a stranger knows: the site, the person, and some phrases.
  const told = () => {
    const typed = [known, ...["email", "name"].map((name) => form.elements[name]?.value ?? "")];
    const words = typed.flatMap((word) => [word, ...word.split(/[@ ]/), ...word.split(/[@ .]/), ...word.split(/[@ ._-]/)]);
    const parts = words.flatMap((word) => [word, together(word)]).map((word) => prepared(word).trim().toLowerCase());
    return [...parts, ...parts.map(read)].filter((word) => [...word].length > 2).sort((one, other) => other.length - one.length);
  };
  const spelled = (word) => {
    const end = word.search(/\P{L}*$/u);
    return [read(word.slice(0, end)) + word.slice(end), read(word)];
  };
  // How many signs at `at` stood there before, in this order.
  const again = (word, at) => {
    let most = 0;
    for (let from = 0; from < at; from++) {
      let length = 0;
      while (at + length < word.length && word[from + length] === word[at + length]) length++;
      most = Math.max(most, length);
    }
    return most;
  };
  const along = (word, at) => {
    let length = 2;
    while (at + length < word.length && ways.some((way) => way.includes(word.slice(at, at + length + 1)))) length++;
    return length;
  };
  // The bits of a text in lower case. Letters in a row count as a word, because most are one.
  const bits = (word, own) => {
    let [sum, at, letters] = [0, 0, 0];
    while (at < word.length) {
      const part = own.find((part) => word.startsWith(part, at));
      const [copy, way] = [again(word, at), along(word, at)];
      if (part || copy > 2 || way > 2) {
        sum += part || copy > way ? 4 : 8;
        at += part?.length ?? Math.max(copy, way);
        letters = 0;
        continue;
      }
      const sign = String.fromCodePoint(word.codePointAt(at));
      at += sign.length;
      if (/[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}]/u.test(sign)) sum += 8;
      else if (/\p{L}/u.test(sign)) sum += ++letters > 3 ? 1.5 : 4.7;
      else {
        letters = 0;
        sum += sign === " " ? 1 : /\d/.test(sign) ? 3.3 : 5;
      }
    }
    return sum;
  };
  // A few signs around a word are tried with it.
  const trimmed = (word, own) => {
    const core = word.replace(/^\P{L}+|\P{L}+$/gu, "");
    const around = word.length - core.length;
    return core && around < 5 ? bits(core, own) + 2 * around : bits(word, own);
  };
  const level = (password) => {
    const [own, lower] = [told(), password.trim().toLowerCase()];
    const forms = [lower, together(lower)].filter(
      (form, at) => !at || form.length < 21 || own.some((part) => form.includes(part)),
    );
    // Capitals at the beginning are what everybody thinks of.
    const capitals = Math.min(5, password.replace(/(^|\P{L})\p{Lu}+/gu, "").match(/\p{Lu}/gu)?.length ?? 0);
    const all = forms.flatMap((form) => [form, ...spelled(form)].map((form) => trimmed(form, own)));
    const sum = Math.min(...all) + capitals;
    return [30, 60, 80].filter((bound) => sum >= bound).length;
  };
  const show = () => {
    const password = prepared(field.value);
    const length = [...password].length;
    meter.hidden = !length;
    const fits = length >= least && length <= most;
    const at = fits ? level(password) : 0;
    meter.value = fits ? at + 1 : 0;
    const sentence = fits ? levels.split("\n")[at] : length < least ? short : long;
    // A screen reader says what is new.
    const said = length ? sentence : "";
    if (text.textContent !== said) text.textContent = said;
  };
  form.addEventListener("input", show);
  show();
})();
