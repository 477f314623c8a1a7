import { expect, test } from "vitest";
import { webgpuAdvice } from "./webgpu-advice";

const agents = {
  "Chrome on Windows":
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/110.0.0.0 Safari/537.36",
  "Edge on Windows":
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/110.0.0.0 Safari/537.36 Edg/110.0",
  "Chrome on Linux":
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36",
  "Chrome on Android":
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Mobile Safari/537.36",
  "Firefox on Linux": "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
  "Firefox on macOS": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0",
  "Safari on macOS":
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
  "This browser on iPhone and iPad":
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1",
};

test.each(Object.entries(agents))("names %s by its user agent", (name, agent) => {
  expect(webgpuAdvice(agent, 0, true).browser).toBe(name);
});

test("takes an iPad that calls itself a Mac for an iPad", () => {
  expect(webgpuAdvice(agents["Safari on macOS"], 5, true).steps[0]).toContain("iPadOS 26");
});

test("tells Firefox on Linux which settings turn WebGPU on", () => {
  const steps = webgpuAdvice(agents["Firefox on Linux"], 0, true).steps.join(" ");
  expect(steps).toContain("dom.webgpu.enabled");
  expect(steps).toContain("gfx.webgpu.ignore-blocklist");
});

test("asks for a secure page first where the page is not", () => {
  expect(webgpuAdvice(agents["Chrome on Windows"], 0, false).steps[0]).toContain("https");
  expect(webgpuAdvice(agents["Chrome on Windows"], 0, true).steps.join()).not.toContain("https");
});
