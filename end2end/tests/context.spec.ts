// A conversation that is longer than the model's context: what had no room is said under the question.
import { expect, test } from "../support/test.ts";

test.use({ serverEnv: { INGLENOOK_PROVIDERS: '[{"name": "openai", "context": 1024}]' } });

/** Some 110 tokens, as has the answer of `echo`. */
const long = (number: number) => `${number}. ${"What did the keeper do in the night of the storm? ".repeat(8)}`.trim();

test("what had no room is said under the question, as it happens and after a reload", async ({ chat }) => {
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
