// The export of everything: made in the background, downloaded, unpacked by a program that is not ours.
import { execFileSync } from "node:child_process";

import { expect, test } from "../support/test.ts";

const PRINT = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    assert archive.testzip() is None
    for name in archive.namelist():
        print("\\n== " + name)
        print(archive.read(name).decode())
`;

test("make an export, download it and read it", async ({ page, chat }) => {
  await chat.begin("What did I ask? 早上好", "echo");
  await chat.ended();
  await page.goto("/settings/data");
  await page.getByRole("button", { name: "Make an export" }).click();
  // The page says by itself when it is there.
  const link = page.getByRole("link", { name: "Download" });
  await expect(link).toBeVisible();
  await expect(page.locator("#export").getByRole("status")).toHaveText(/is ready: .*It is kept until/);
  const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
  expect(download.suggestedFilename()).toMatch(/^inglenook-export-\d{4}-\d\d-\d\d\.zip$/);
  const path = await download.path();
  const text = execFileSync("python3", ["-c", PRINT, path], { encoding: "utf8", env: { ...process.env, PYTHONIOENCODING: "utf8" } });
  expect(text).toContain("== account.json");
  expect(text).toMatch(/== conversations\/\w+\.json/);
  expect(text).toMatch(/== readable\/.+\.md/);
  expect(text.split("What did I ask? 早上好").length).toBeGreaterThan(2);
  await page.getByRole("button", { name: "Remove" }).click();
  await expect(page.getByText("The export is removed.")).toBeVisible();
  await expect(link).toHaveCount(0);
});

test("what is typed beside it stays while an export is made, and a second one is refused", async ({ page, user }) => {
  expect(user.email).toContain("@");
  await page.goto("/settings/data");
  const second = await page.context().newPage();
  await second.goto("/settings/data");
  await page.getByRole("button", { name: "Make an export" }).click();
  await page.getByLabel("Current password").fill("typed");
  await second.getByRole("button", { name: "Make an export" }).click();
  await expect(page.getByRole("link", { name: "Download" })).toBeVisible();
  await expect(page.getByLabel("Current password")).toHaveValue("typed");
});

test("change the e-mail address and sign in with it", async ({ page, user, context }) => {
  await page.goto("/settings");
  const address = `new-${user.email}`;
  await page.getByLabel("E-mail").fill("root@example.org@");
  await page.getByLabel("E-mail").fill(address);
  await page.getByRole("button", { name: "Save e-mail" }).click();
  await expect(page.getByRole("status")).toHaveText("From now on you sign in with the new e-mail address.");
  await context.clearCookies();
  await page.goto("/login");
  await page.getByLabel("E-mail").fill(address);
  await page.getByLabel("Password").fill(user.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: /Good to see you/ })).toBeVisible();
});
