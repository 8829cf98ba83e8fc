// A conversation that is longer than the model's context: a line under the question says how much was not sent.
import { expect, test } from "../support/test.ts";

test.use({ serverEnv: { INGLENOOK_PROVIDERS: '[{"name": "openai", "context": 1024}]' } });

/** A text of about 110 tokens. The answer of `echo` is the same text. */
const long = (number: number) => `${number}. ${"What did the keeper do in the night of the storm? ".repeat(8)}`.trim();

test("the line about messages that were not sent is there at once and after a reload", async ({ chat }) => {
  await chat.begin(long(1), "echo");
  await chat.ended();
  for (const number of [2, 3]) {
    await chat.ask(long(number));
    await expect(chat.answers).toHaveCount(number);
    await chat.ended();
  }
  await expect(chat.page.getByText("Sent without")).toHaveCount(0);
  await chat.ask(long(4));
  await expect(chat.answers).toHaveCount(4);
  for (const round of ["as it happens", "after a reload"]) {
    await expect(chat.answer.getByText("Sent without the first 2 messages"), round).toBeVisible();
    await expect(chat.page.getByText("Sent without"), round).toHaveCount(1);
    await chat.ended();
    await chat.reload();
  }
});
