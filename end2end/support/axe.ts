// What axe-core finds on a page that is open, at the size of a phone and of a desk, in light and in dark.
import axe from "axe-core";
import { expect, type Page } from "@playwright/test";

const SIZES = { phone: { width: 360, height: 740 }, desktop: { width: 1280, height: 800 } };
const ALL = { type: "tag" as const, values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] };
/** What can be another in the dark than in the light. */
const COLOURS = { type: "rule" as const, values: ["color-contrast", "link-in-text-block"] };

export interface Where {
  /** A size at which there is nothing like this state. */
  not?: keyof typeof SIZES;
}

/** Expects that axe-core has nothing against the page as it is now. */
export async function expectAccessible(page: Page, state: string, { not }: Where = {}) {
  // What moves has another colour on its way.
  await page.emulateMedia({ reducedMotion: "reduce" });
  const found: string[] = [];
  for (const [name, size] of Object.entries(SIZES).filter(([name]) => name !== not)) {
    await page.setViewportSize(size);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      const problems = await run(page, colorScheme === "light" ? ALL : COLOURS);
      found.push(...problems.map((problem) => `${state}, ${name}, ${colorScheme}: ${problem}`));
    }
  }
  expect(found, `what is wrong with ${state}`).toEqual([]);
}

async function run(page: Page, rules: axe.RunOnly): Promise<string[]> {
  // The policy of the pages keeps scripts of others out; this way it is the browser's own tools that bring it.
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe.source);
  const { violations } = await page.evaluate(
    (runOnly) =>
      (window as unknown as { axe: typeof axe }).axe.run(document, {
        runOnly,
        resultTypes: ["violations"],
        // Off by default, because it is new in WCAG 2.2.
        rules: runOnly.type === "tag" ? { "target-size": { enabled: true } } : {},
      }),
    rules,
  );
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${why(node)}`));
}

const why = ({ any, all, none }: axe.NodeResult) => [...any, ...all, ...none].map((check) => check.message).join("; ");
