// The hint beside a new password: it says how long one would hold, and never calls good what the server refuses.
import { readFileSync } from "node:fs";

import { expect, test } from "../support/test.ts";

const LEVELS = ["Weak", "Fair", "Good", "Strong"];
const list = readFileSync(new URL("../../src/server/accounts/passwords/guessable.txt", import.meta.url), "utf8");

test("the hint follows what is typed, at registering and in the settings", async ({ page, user, context }) => {
  await page.goto("/settings/sign-in");
  const hint = page.locator(".strength");
  const field = page.getByLabel("New password");
  await expect(hint).toHaveText("");
  await expect(hint.getByRole("meter", { includeHidden: true })).toBeHidden();
  // One's own address and name are known to strangers, too.
  for (const own of [user.email, `${user.name}2024`.padStart(8, "!")]) {
    await field.fill(own);
    await expect(hint).toHaveText(/^Weak/);
  }
  await context.clearCookies();
  await page.goto("/register");
  const password = page.getByLabel("Password");
  for (const [typed, said] of [
    ["short", "Choose a password of at least 8 characters."],
    ["sunshine1", /^Weak/],
    ["aaaaaaaaaaaaaaaaaaaaaaaaaaaa", /^Weak/],
    ["qwertyuiopasdfgh", /^Weak/],
    ["24.12.1990", /^Weak/],
    ["W~7{bQz(9!eK", /^Fair/],
    ["hearth ember kettle puddle", /^Good/],
    ["three small owls sing at dusk", /^Strong/],
    ["长".repeat(257), "Choose a password of at most 256 characters."],
  ] as const) {
    await password.fill(typed);
    await expect(hint).toHaveText(said);
  }
  await password.fill("angstromson-lighthouse");
  await expect(hint).toHaveText(/^(Fair|Good)/);
  await page.getByLabel("Name").fill("Angstromson Lighthouse");
  await expect(hint, "the name is typed afterwards").toHaveText(/^Weak/);
  await password.fill("");
  await expect(hint).toHaveText("");
});

test("a long password is measured before the next event", async ({ page, context }) => {
  await context.clearCookies();
  await page.goto("/register");
  const said = await page.evaluate(() => {
    const field = document.querySelector<HTMLInputElement>("[autocomplete=new-password]")!;
    let seed = 7;
    const sign = () => String.fromCharCode(33 + (seed = (seed * 16807) % 2147483647) % 94);
    const type = (length: number, next: () => string) => {
      field.value = Array.from({ length }, next).join("");
      field.dispatchEvent(new Event("input", { bubbles: true }));
      return document.querySelector(".strength")!.textContent;
    };
    return [type(256, sign), type(256, () => "a"), type(200_000, sign)];
  });
  expect(said[0]).toMatch(/^Strong/);
  expect(said[1]).toMatch(/^Weak/);
  expect(said[2]).toBe("Choose a password of at most 256 characters.");
});

test("what the server refuses is never called good", async ({ page, context }) => {
  await context.clearCookies();
  await page.goto("/register");
  const called = await page.evaluate(
    ([words, levels]) => {
      const field = document.querySelector<HTMLInputElement>("[autocomplete=new-password]")!;
      const text = document.querySelector(".strength span")!;
      const around = [["", ""], ["", "1"], ["", "2024"], ["!?", "&%"], ["7", "#9"]];
      const spelled: Record<string, string> = { o: "0", i: "1", e: "3", a: "4", s: "5", t: "7" };
      const forms: ((word: string) => string)[] = [
        (word) => word,
        (word) => [...word].map((sign, at) => (at % 2 ? sign.toUpperCase() : sign)).join(""),
        (word) => [...word].map((sign) => spelled[sign] ?? sign).join(""),
        (word) => [...word].join("-"),
        (word) => word + word,
      ];
      const good: string[] = [];
      for (const word of words) {
        for (const form of forms) {
          for (const [before, after] of around) {
            field.value = before + form(word) + after;
            field.dispatchEvent(new Event("input", { bubbles: true }));
            if (levels.slice(2).some((level) => text.textContent!.startsWith(level))) good.push(field.value);
          }
        }
      }
      return good;
    },
    // Some of the words, and all that are long, because each takes a moment.
    [list.trim().split("\n").filter((word, at) => at % 20 === 0 || word.length > 12), LEVELS] as const,
  );
  // Signs in place of the letters of a long word are more than the server undoes.
  expect(called.filter((password) => !/^\W*5up3rc4l1/.test(password))).toEqual([]);
});

test("in Chinese, and at the width of a phone", async ({ page, context }) => {
  await context.clearCookies();
  await page.setViewportSize({ width: 360, height: 740 });
  await page.goto("/register");
  await page.getByRole("button", { name: "简体中文" }).click();
  await page.getByLabel("密码").fill("sunshine1");
  await expect(page.locator(".strength")).toHaveText(/^弱/);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
});
