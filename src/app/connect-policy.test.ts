import { expect, it } from "vitest";
import { connectSources } from "./connect-policy";

it("names the Hub and its storage alone, where no mirror is chosen", () => {
  const usual = ["'self'", "https://huggingface.co", "https://*.hf.co"];
  expect(connectSources(undefined)).toEqual(usual);
  expect(connectSources("https://huggingface.co")).toEqual(usual);
});

it("adds a mirror and the hosts below it", () => {
  expect(connectSources("https://mirror.example/hub")).toEqual([
    "'self'",
    "https://mirror.example",
    "https://*.mirror.example",
    "https://huggingface.co",
    "https://*.hf.co",
  ]);
});

it("keeps to this computer for a Hub on it", () => {
  expect(connectSources("http://127.0.0.1:8787")).toEqual([
    "'self'",
    "http://127.0.0.1:8787",
    "http://localhost:*",
    "http://127.0.0.1:*",
  ]);
});
