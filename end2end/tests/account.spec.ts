import { expect, test } from "../support/test.ts";

test("a wrong password is told in words that do not say whether the account exists", async ({ page, user, context }) => {
  await context.clearCookies();
  await page.goto("/login");
  for (const email of [user.email, "nobody@example.org"]) {
    await page.getByLabel("E-mail").fill(email);
    await page.getByLabel("Password").fill("not the password");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("alert")).toHaveText(/That e-mail and password do not match/);
    await expect(page).toHaveURL(/\/login/);
  }
  await page.getByLabel("E-mail").fill(user.email.toUpperCase());
  await page.getByLabel("Password").fill(user.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: /Good to see you/ })).toBeVisible();
});

test("the way back after signing in stays on this site", async ({ page, user, context, server }) => {
  await context.clearCookies();
  await page.goto("/login?next=https://example.com/");
  await page.getByLabel("E-mail").fill(user.email);
  await page.getByLabel("Password").fill(user.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(`${server.url}/`);
});

test("an address with a tab in it does not lead to another site", async ({ page, user, context, server }) => {
  await context.clearCookies();
  await page.goto("/login?next=/%09/example.com/");
  await page.getByLabel("E-mail").fill(user.email);
  await page.getByLabel("Password").fill(user.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL(`${server.url}/`);
});

test("a sentence in the address of a page is not shown", async ({ page, context }) => {
  await context.clearCookies();
  const sentence = Buffer.from(JSON.stringify({ code: "forbidden", message: "Call 555-0100" })).toString("base64url");
  for (const name of ["flash", "__err"]) {
    await page.goto(`/login?${name}=${sentence}`);
    await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
    await expect(page.getByRole("alert")).toHaveCount(0);
    await expect(page.getByText("555-0100")).toHaveCount(0);
  }
});

test("an e-mail address is registered once", async ({ page, user, context }) => {
  await context.clearCookies();
  await page.goto("/register");
  await page.getByLabel("E-mail").fill(user.email);
  await page.getByLabel("Password").fill("long enough it is");
  await page.getByRole("button", { name: "Create account" }).click();
  const field = page.getByLabel("E-mail");
  await expect(field).toHaveAccessibleDescription(/There is an account with this e-mail address/);
  await expect(field).toBeFocused();
  await expect(field).toHaveValue(user.email);
});

test("change the name", async ({ page, user }) => {
  await page.goto("/settings");
  await expect(page.getByText(user.email)).toBeVisible();
  await page.getByLabel("Name").fill("Émilie <du> Châtelet");
  await page.getByRole("button", { name: "Save name" }).click();
  await expect(page.getByRole("status")).toHaveText("Your name is saved.");
  await expect(page.getByRole("link", { name: /Émilie <du> Châtelet/ })).toBeVisible();
  await expect(page.getByLabel("Name")).toHaveValue("Émilie <du> Châtelet");
});

test("a new password signs the other browser out and this one not", async ({ page, user, browser, server, watch }) => {
  const context = await browser.newContext({ baseURL: server.url });
  try {
    await watch.context(context);
    const other = await context.newPage();
    await other.goto("/login");
    await other.getByLabel("E-mail").fill(user.email);
    await other.getByLabel("Password").fill(user.password);
    await other.getByRole("button", { name: "Sign in" }).click();
    await expect(other.getByRole("heading", { name: /Good to see you/ })).toBeVisible();

    await page.goto("/settings/sign-in");
    await page.getByLabel("Current password").fill("not this one");
    await page.getByLabel("New password").fill("a better one, really");
    await page.getByRole("button", { name: "Change password" }).click();
    await expect(page.getByLabel("Current password")).toHaveAccessibleDescription("That is not your current password.");
    await expect(page.getByLabel("Current password")).toBeFocused();
    await page.getByLabel("Current password").fill(user.password);
    await page.getByLabel("New password").fill("a better one, really");
    await page.getByRole("button", { name: "Change password" }).click();
    await expect(page.getByRole("status")).toHaveText(/Your password is changed/);

    await other.goto("/settings");
    await expect(other).toHaveURL(/\/login\?next=/);
    await page.goto("/settings");
    await expect(page).toHaveURL(/\/settings$/);

    await other.getByLabel("E-mail").fill(user.email);
    await other.getByLabel("Password").fill(user.password);
    await other.getByRole("button", { name: "Sign in" }).click();
    await expect(other.getByRole("alert")).toBeVisible();
    await other.getByLabel("E-mail").fill(user.email);
    await other.getByLabel("Password").fill("a better one, really");
    await other.getByRole("button", { name: "Sign in" }).click();
    await expect(other).toHaveURL(/\/settings$/);
  } finally {
    await context.close();
  }
});

test("the settings are pages, and the list of them says which one is open", async ({ page, user }) => {
  void user;
  await page.goto("/settings");
  const list = page.getByRole("navigation", { name: "Settings" });
  for (const [name, address] of [
    ["Appearance", "/settings/appearance"],
    ["Chat", "/settings/chat"],
    ["Sign-in", "/settings/sign-in"],
    ["Profile", "/settings"],
  ]) {
    await list.getByRole("link", { name }).click();
    await expect(page).toHaveURL((url) => url.pathname === address);
    await expect(page).toHaveTitle(`${name} · Settings · Inglenook`);
    await expect(list.locator("[aria-current=page]")).toHaveText(name);
  }
  // Beside the forms where there is room, above them where there is none.
  const form = page.locator(".settings-section").first();
  for (const [width, beside] of [[1280, true], [800, false], [360, false]] as const) {
    await page.setViewportSize({ width, height: 800 });
    const [left, right] = [(await list.boundingBox())!, (await form.boundingBox())!];
    expect(left.x + left.width <= right.x, `beside at ${width} pixels`).toBe(beside);
    expect(left.y + left.height <= right.y, `above at ${width} pixels`).toBe(!beside);
  }
});

test("one line stands between two sections of the settings, and none above the first", async ({ page, chat }) => {
  await chat.begin("Hello", "json");
  await chat.ended();
  for (const path of ["/settings/chat", `${new URL(page.url()).pathname}/settings`]) {
    await page.goto(path);
    const lines = await page.locator(".settings-section, .settings-section > h2").evaluateAll((all) =>
      all.map((it) => [it.localName, getComputedStyle(it).borderTopWidth]),
    );
    const [first, ...others] = lines.filter(([name]) => name === "section").map(([, width]) => width);
    expect(first).toBe("0px");
    expect(new Set(others)).toEqual(new Set(["1px"]));
    expect(new Set(lines.filter(([name]) => name === "h2").map(([, width]) => width))).toEqual(new Set(["0px"]));
  }
});
