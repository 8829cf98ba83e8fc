// How well everything on a page stands out from what is behind it, by the formula of WCAG. Colours are painted on a canvas and
// read back, because checkers do not reckon with all that our style sheet is written in (oklch, color-mix, light-dark).
import type { Page } from "@playwright/test";

/** Something to be seen: the lowest ratio that it may have, and the one that it has. */
export interface Seen {
  what: string;
  least: number;
  ratio: number;
}

/** All texts (4.5), and what shows where fields and icons are (3), on the page as it is now. What is switched off is exempt. */
export const measure = (page: Page): Promise<Seen[]> => page.evaluate(measureHere);

function measureHere(): Seen[] {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const paint = canvas.getContext("2d", { willReadFrequently: true })!;
  const known = new Map<string, number[]>();
  /** The colour of these layers, painted one over the other. */
  const mixed = (layers: [colour: string, opacity: number][]): number[] => {
    const key = JSON.stringify(layers);
    if (!known.has(key)) {
      paint.clearRect(0, 0, 1, 1);
      for (const [colour, opacity] of layers) {
        paint.globalAlpha = opacity;
        paint.fillStyle = colour;
        paint.fillRect(0, 0, 1, 1);
      }
      known.set(key, [...paint.getImageData(0, 0, 1, 1).data]);
    }
    return known.get(key)!;
  };
  const luminance = (colour: number[]) => {
    const [r, g, b] = colour.map((part) => ((part /= 255) <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const between = (one: number[], other: number[]) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  /** The element and all around it, the outermost first. */
  const around = (element: Element | null): Element[] => (element ? [...around(element.parentElement), element] : []);
  const opacity = (element: Element) => around(element).reduce((all, each) => all * Number(getComputedStyle(each).opacity), 1);
  const behind = (element: Element | null): [string, number][] =>
    around(element).map((each) => [getComputedStyle(each).backgroundColor, 1]);
  const probe = document.body.appendChild(document.createElement("i"));
  const overlays = ["hover", "chosen"].map((name): [string, number] => {
    probe.style.backgroundColor = `var(--${name})`;
    return [getComputedStyle(probe).backgroundColor, 1];
  });
  probe.remove();

  const seen: Seen[] = [];
  const add = (what: string, least: number, colour: string, element: Element, ground: [string, number][]) => {
    const ratio = between(mixed(ground), mixed([...ground, [colour, opacity(element)]]));
    seen.push({ what: `${what} of <${element.tagName.toLowerCase()} class="${element.className}">`, least, ratio });
  };
  const off = ":disabled, [aria-disabled=true], option, script, style, template, [aria-hidden=true] *, .visually-hidden, .visually-hidden *, math *";
  for (const element of document.querySelectorAll("body, body *")) {
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) || element.closest(off)) continue;
    const style = getComputedStyle(element);
    const ground = behind(element);
    if (element.matches("input:not([type=checkbox], [type=radio]), textarea, select")) {
      add("the text", 4.5, style.color, element, ground);
      if (element.hasAttribute("placeholder")) add("the placeholder", 4.5, getComputedStyle(element, "::placeholder").color, element, ground);
      // The field of the composer and those of a queue have their edge around them.
      const edge = parseFloat(style.borderTopWidth) ? element : element.parentElement!;
      add("the edge", 3, getComputedStyle(edge).borderTopColor, edge, behind(edge.parentElement));
      add("the edge, from within,", 3, getComputedStyle(edge).borderTopColor, edge, behind(edge));
      continue;
    }
    const icon = element.classList.contains("icon");
    const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.nodeValue!.trim());
    if (icon) add("the icon", 3, style.backgroundColor, element, behind(element.parentElement));
    else if (text) add("the text", 4.5, style.color, element, ground);
    const pressed = text && element.closest(".button-bare, .picker-row, .sidebar a, .code button, .code label");
    if (pressed) for (const over of overlays) add("the text, pointed at,", 4.5, style.color, element, [...ground, over]);
  }
  return seen;
}
