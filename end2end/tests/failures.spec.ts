// When the model server fails, the page says why and keeps the text.
import { numbered } from "../support/chat.ts";
import { API_KEY } from "../support/servers.mjs";
import { expect, test } from "../support/test.ts";

test.use({
  serverEnv: { INGLENOOK_TIMEOUTS_IDLE_SECONDS: "2", INGLENOOK_TIMEOUTS_FIRST_TOKEN_SECONDS: "2" },
});

const started = "Here is what I found, with bold and code.";
const failures = [
  { model: "401", says: /OpenAI does not let this site in/, kept: "" },
  { model: "echo-key", says: /OpenAI does not let this site in/, kept: "" },
  { model: "404", says: /has no model “404”/, kept: "" },
  { model: "context", says: /too long for the model/, kept: "" },
  { model: "429", says: /OpenAI is limiting requests/, kept: "" },
  { model: "500", says: /OpenAI had an error/, kept: "" },
  { model: "html", says: /OpenAI .*/, kept: "" },
  { model: "garbage", says: /OpenAI .*/, kept: "Some" },
  { model: "cut", says: /OpenAI .*/, kept: started },
  { model: "hang", says: /OpenAI .* within 2 seconds/, kept: "w0 w1 w2" },
  { model: "hang-first", says: /OpenAI .* within 2 seconds/, kept: "" },
  { model: "error-in-stream", says: /OpenAI .*/, kept: "w0 w1 w2" },
  { model: "nothing-said", says: /OpenAI sent an empty answer/, kept: "" },
  { model: "think-only", says: /OpenAI thought, but wrote no answer/, kept: "" },
  { model: "filtered", says: /OpenAI ended the answer because of its rules for content/, kept: "w0 w1 w2" },
];

for (const { model, says, kept } of failures) {
  test(`${model}: the thread says why the answer failed, and keeps everything`, async ({ page, chat }) => {
    await chat.begin("What will happen?", model);
    const ending = chat.answer.getByRole("status");
    await expect(ending).toHaveText(says);
    await chat.ended();
    // The seconds until the provider takes requests again count down beside it.
    const words = async () => (await ending.innerText()).replace(/\s*Retry in [\d,]+ s$/, "");
    const sentence = await words();
    for (const round of ["as it happened", "after a reload"]) {
      await expect(ending, round).toHaveText(says);
      expect(await words(), round).toBe(sentence);
      if (model === "429") await expect(ending, round).toContainText(/Retry in 86,\d{3} s/);
      await expect(chat.questions, round).toHaveText([/What will happen\?/]);
      expect(await chat.text(), round).toContain(kept);
      if (!kept) expect(await chat.text(), round).toBe("");
      await expect(chat.retry, round).toBeVisible();
      expect(await page.content(), "the key is nobody's to see").not.toContain(API_KEY);
      await chat.reload();
    }
    // The conversation goes on after the failure.
    await chat.ask("And now?", "tokens-3-0");
    await expect(chat.answers).toHaveCount(2);
    await chat.expectText(numbered(3));
  });
}

test("Retry gives the answer that failed at first", async ({ page, chat }) => {
  await chat.begin("Are you there?", "cut-once");
  await expect(chat.answer.getByRole("status")).toHaveText(/broke in the middle/);
  await chat.ended();
  await chat.retry.click();
  await expect(chat.answer).toContainText("That is all.");
  await chat.ended();
  await expect(chat.questions).toHaveText([/Are you there\?/]);
  await expect(chat.answers).toHaveCount(1);
  await expect(chat.retry).toHaveCount(0);
  await page.reload();
  await expect(chat.answer).toContainText("That is all.");
  await expect(chat.answers).toHaveCount(1);
});

test("an answer that broke off goes on in its place", async ({ chat }) => {
  await chat.begin("Count", "hang");
  await expect(chat.answer.getByRole("status")).toHaveText(/within 2 seconds/);
  await chat.ended();
  for (const round of ["as it happened", "after a reload"]) {
    await expect(chat.continue, round).toBeVisible();
    await chat.reload();
  }
  const id = await chat.answer.getAttribute("id");
  await chat.continue.click();
  await chat.expectText("w0 w1 w2 w0 w1 w2");
  await chat.ended();
  await expect(chat.answer).toHaveAttribute("id", id!);
  await expect(chat.answers).toHaveCount(1);
});

test("an answer that failed before its first word is not continued", async ({ chat }) => {
  await chat.begin("What will happen?", "think-only");
  await chat.ended();
  for (const round of ["as it happened", "after a reload"]) {
    await expect(chat.retry, round).toBeVisible();
    await expect(chat.continue, round).toHaveCount(0);
    await expect(chat.answer.getByText("Reasoning"), round).toBeVisible();
    await chat.reload();
  }
});

test("an answer that failed at once below another one is not continued either", async ({ chat }) => {
  await chat.begin("First words", "echo");
  await chat.ended();
  await chat.ask("Too many", "429");
  await expect(chat.retry).toBeVisible();
  await expect(chat.continue).toHaveCount(0);
});

test("a server that says that it is alive is waited for", async ({ chat }) => {
  await chat.begin("Take your time", "comments");
  await chat.expectText("Here it is.");
  await chat.ended();
  await expect(chat.answer.getByRole("status")).toHaveCount(0);
});
