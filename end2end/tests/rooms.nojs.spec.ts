// Rooms with JavaScript off: made, joined with a link, written in, and left by forms.
import { expect, test } from "../support/test.ts";

test("a room and a conversation open at their end", async ({ page, user }) => {
  void user;
  await page.goto("/rooms/new");
  await page.getByLabel("Name", { exact: true }).fill("Attic");
  await page.getByRole("button", { name: "Make room" }).click();
  const field = page.getByRole("textbox", { name: "Message" });
  await field.fill("The only message");
  await page.getByRole("button", { name: "Send" }).click();
  const messages = page.locator(".said");
  await expect(messages).toHaveCount(1);
  // A short thread begins at the top.
  expect((await messages.boundingBox())!.y).toBeLessThan(250);
  await field.fill(Array.from({ length: 80 }, (_, at) => `Line ${at}`).join("\n\n"));
  await page.getByRole("button", { name: "Send" }).click();
  await expect(messages).toHaveCount(2);
  const room = page.url().split("#")[0];
  await page.goto("/rooms");
  await page.goto(room);
  await expect(page.getByText("Line 79")).toBeInViewport();
  await page.goto(`${room}#${await messages.first().getAttribute("id")}`);
  await expect(page.getByText("The only message")).toBeInViewport();
});

test("two people make, join and write in a room", async ({ page, user, newPerson, watch }) => {
  // Whoever has left opens it once more.
  watch.allow(/404/);
  await page.goto("/rooms");
  await expect(page.getByText("people and the model write together")).toBeVisible();
  await page.getByRole("link", { name: "New room" }).first().click();
  await page.getByLabel("Name", { exact: true }).fill("Garden");
  await page.getByLabel("Topic").fill("Beds and beans");
  await page.getByRole("button", { name: "Make room" }).click();
  await expect(page.getByRole("heading", { name: "Garden", level: 1 })).toBeVisible();
  const address = page.url();

  await page.getByRole("link", { name: "Room settings" }).click();
  await page.getByRole("link", { name: "Invite", exact: true }).click();
  await page.getByRole("button", { name: "Make invitation" }).click();
  await expect(page.getByRole("img", { name: /QR code of/ })).toBeVisible();
  const link = await page.locator(".code-link").getAttribute("href");

  const other = await newPerson();
  await other.page.goto(link!);
  await expect(other.page.getByRole("heading", { name: "Join “Garden”" })).toBeVisible();
  await other.page.getByRole("button", { name: "Join" }).click();
  await expect(other.page).toHaveURL(address);
  await other.page.getByRole("textbox", { name: "Message" }).fill("Are the <i>beans</i> in?");
  await other.page.getByRole("button", { name: "Send" }).click();
  await expect(other.page.locator(".said")).toHaveText([/Are the <i>beans<\/i> in\?/]);

  await page.goto("/rooms");
  await expect(page.locator(".room-list")).toContainText("1 new message");
  await page.locator(".room-list").getByRole("link", { name: /Garden/ }).click();
  await expect(page.locator(".said")).toContainText([other.user.name]);
  await page.getByRole("textbox", { name: "Message" }).fill("Since Monday");
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.locator(".said.own")).toHaveText([/Since Monday/]);

  await other.page.reload();
  await expect(other.page.locator(".said")).toHaveCount(2);
  await other.page.getByRole("link", { name: "2 members" }).click();
  await expect(other.page.locator(".member-list")).toContainText(user.name);
  await other.page.getByText("Leave room…").click();
  await other.page.getByRole("button", { name: "Leave", exact: true }).click();
  await expect(other.page.getByText("You have left the room.")).toBeVisible();
  expect((await other.page.goto(address))!.status()).toBe(404);
});
