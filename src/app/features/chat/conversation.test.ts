import { describe, expect, it } from "vitest";
import { baseVoice, defaultChatSettings, requestFor, voicesPresent, type Turn } from "./conversation";

const end = { reason: "end", promptTokens: 1, tokens: 1, seconds: 1, tokensPerSecond: 1 } as const;
const turn = (prompt: string, answers: Record<string, string>): Turn => ({
  prompt,
  seed: 7,
  answers: Object.fromEntries(Object.entries(answers).map(([voice, text]) => [voice, { text, end }])),
});

describe("requestFor", () => {
  const turns = [
    turn("Hello", { base: "Hi", captain: "Ahoy" }),
    turn("Who?", { base: "Me" }),
    turn("Why?", {}),
  ];

  it("gives each voice its own answers as history", () => {
    const { messages, adapter } = requestFor("captain", {
      voices: [],
      turns,
      chatSettings: defaultChatSettings,
    });
    expect(adapter).toBe("captain");
    expect(messages).toEqual([
      { role: "user", content: "Hello" },
      { role: "assistant", content: "Ahoy" },
      { role: "user", content: "Why?" },
    ]);
  });

  it("puts the system prompt first and takes the turn's seed", () => {
    const chatSettings = { ...defaultChatSettings, systemPrompt: "Be short.", seed: 3, temperature: 0.5 };
    const request = requestFor(baseVoice, { voices: [], turns, chatSettings });
    expect(request.messages[0]).toEqual({ role: "system", content: "Be short." });
    expect(request.messages).toHaveLength(6);
    expect(request).toMatchObject({ seed: 7, temperature: 0.5 });
    expect(request).not.toHaveProperty("adapter");
    expect(request).not.toHaveProperty("showsMarkdown");
  });
});

describe("voicesPresent", () => {
  it("leaves out adapters that were deleted, and is never empty", () => {
    const adapters = [{ id: "kept" }];
    expect(voicesPresent({ voices: [baseVoice, "gone", "kept"], adapters })).toEqual([baseVoice, "kept"]);
    expect(voicesPresent({ voices: ["gone"], adapters })).toEqual([baseVoice]);
  });
});
