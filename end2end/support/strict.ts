// Reads HTML with a parser that is not the project's own, as browsers do, and finds what no answer may contain.
import { parseFragment } from "parse5";

const ELEMENTS = new Set(
  `a b blockquote br button code del details div em figure h2 h3 h4 h5 h6 header hr i img input kbd label li mark ol p pre span
   strong sub summary sup table tbody td th thead tr ul
   annotation math menclose merror mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow mspace
   msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover semantics`.split(/\s+/),
);
const OWN: Record<string, Record<string, RegExp>> = {
  a: {
    href: /^(?:https?:\/\/|mailto:|tel:|#-[\p{L}\p{N}-]+$)/iu,
    title: /^/,
    "data-host": /^[!-~]+$/,
    target: /^_blank$/,
    rel: /^noopener noreferrer nofollow$/,
  },
  button: { "data-act": /^(?:copy|download|copy-table|csv)$/, "data-file": /^(?:code\.[a-z\d]+|Dockerfile|Makefile|table\.csv)$/ },
  div: { role: /^group$/, "aria-label": /^Table$/ },
  pre: { role: /^group$/, "aria-label": /^Code$/ },
  annotation: { encoding: /^application\/x-tex$/ },
  img: { src: /^data:image\/(?:png|jpeg|gif|webp);base64,[\w+/=]*$/, alt: /^/ },
  input: { type: /^checkbox$/ },
  ol: { start: /^\d{1,9}$/ },
};
const ANY = { class: /^[a-z ]{1,13}$/, dir: /^rtl$/, lang: /^(?:zh|ja|ko)$/, tabindex: /^0$/ };
const HEADING = { id: /^-[\p{L}\p{N}-]+$/u };
const MATH = /^(?!on|href|id|style|src|xlink)[a-z]+$/;

/** The elements and attributes of `html` that are on none of the lists above. */
export function forbidden(html: string): string[] {
  const found: string[] = [];
  const visit = (node: any, inMath: boolean) => {
    for (const child of node.childNodes ?? []) {
      const name: string = child.nodeName;
      if (name === "#text") continue;
      if (!ELEMENTS.has(name)) found.push(`<${name}>`);
      const math = inMath || name === "math";
      for (const { name: attribute, value } of child.attrs ?? []) {
        const rule = OWN[name]?.[attribute] ?? (/^h[2-6]$/.test(name) ? HEADING[attribute] : undefined) ?? ANY[attribute];
        const fits = rule ? rule.test(value) : math && MATH.test(attribute) && /^[\w.%# /-]{0,60}$/.test(value);
        if (!fits) found.push(`${name} ${attribute}=${JSON.stringify(value.slice(0, 80))}`);
      }
      // A link to another site opens in a new tab and tells that site nothing.
      const attributes = Object.fromEntries((child.attrs ?? []).map((each: any) => [each.name, each.value]));
      if (name === "a" && attributes.href && !attributes.href.startsWith("#") && !(attributes.rel && attributes.target)) {
        found.push(`<a> without rel or target: ${attributes.href}`);
      }
      visit(child, math);
    }
  };
  visit(parseFragment(html), false);
  return found;
}
