// Where things are on a page, and whether they are in each other's way.
import type { Page } from "@playwright/test";

/** The parts of a page whose place does not depend on a font: the style sheet gives it in rem and in parts of the window. */
const PARTS =
  ".sidebar, .content, .top-bar, .thread, .messages, .message, .answer .prose, .code, .start, .examples, .recent, .composer, " +
  ".composer textarea, .send, .card, .card form > label > input, .button-primary, .sections, .settings-section, .settings-section textarea";

/** A line for each part in sight: its name, its left edge and its width in pixels. Parts that are alike are told once. */
export const places = (page: Page): Promise<string> =>
  page.evaluate((parts) => {
    const lines = [...document.querySelectorAll(parts)].flatMap((element) => {
      const { left, right, width } = element.getBoundingClientRect();
      const shown = element.checkVisibility({ visibilityProperty: true }) && right > 0 && left < innerWidth;
      const name = element.className ? `.${String(element.className).split(" ").join(".")}` : element.tagName.toLowerCase();
      return shown ? [`${name} ${Math.round(left)} ${Math.round(width)}`] : [];
    });
    return [...new Set(lines)].join("\n");
  }, PARTS);

/** What is wider than the window, cut off, or over something else that can be pressed. */
export const collisions = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const found: string[] = [];
    const name = (element: Element) => element.outerHTML.slice(0, 80);
    if (document.documentElement.scrollWidth > innerWidth) found.push(`the page is ${document.documentElement.scrollWidth} wide`);
    const shown = [...document.querySelectorAll("body *")].filter(
      (element) =>
        element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) &&
        !element.closest(".visually-hidden, .skip-link, math, svg, .backdrop"),
    );
    /** What of the element is in sight, within all that scrolls around it. */
    const seen = (element: Element) => {
      let { top, right, bottom, left } = element.getBoundingClientRect();
      for (let around = element.parentElement; around && around !== document.body; around = around.parentElement) {
        if (getComputedStyle(around).overflow === "visible") continue;
        const box = around.getBoundingClientRect();
        top = Math.max(top, box.top);
        right = Math.min(right, box.right);
        bottom = Math.min(bottom, box.bottom);
        left = Math.max(left, box.left);
      }
      return { top, right, bottom, left, area: Math.max(right - left, 0) * Math.max(bottom - top, 0) };
    };
    for (const element of shown) {
      const box = seen(element);
      // The list of conversations waits beside the window of a phone.
      if (box.area > 0 && box.right > innerWidth + 1) found.push(`beyond the right edge: ${name(element)}`);
      // Text may be cut with an ellipsis, or scrolled to; not simply cut.
      const style = getComputedStyle(element);
      const cut = style.overflowX === "hidden" || style.overflowX === "clip";
      const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.nodeValue!.trim());
      if (text && cut && style.textOverflow !== "ellipsis" && element.scrollWidth > element.clientWidth + 1) found.push(`cut off: ${name(element)}`);
    }
    const pressed = shown.filter((element) => element.matches("a[href], button, summary, input:not([type=hidden]), select, textarea"));
    for (const [at, one] of pressed.entries()) {
      for (const other of pressed.slice(at + 1)) {
        if (one.contains(other) || other.contains(one)) continue;
        const [a, b] = [seen(one), seen(other)];
        const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (a.area > 0 && b.area > 0 && wide > 1 && high > 1) found.push(`over each other: ${name(one)} and ${name(other)}`);
      }
    }
    return found;
  });
