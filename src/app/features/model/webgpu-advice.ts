// What to do where there is no WebGPU, by browser and system. The user agent only chooses the advice; whether WebGPU is
// there was found out by asking for it. Versions as of autumn 2026.

export interface WebgpuAdvice {
  /** The browser as it seems: "Firefox on Linux". */
  readonly browser: string;
  readonly steps: readonly string[];
}

type System = "windows" | "mac" | "linux" | "android" | "ios" | "chromeos" | "other";

const systemNames: Readonly<Record<System, string>> = {
  windows: "Windows",
  mac: "macOS",
  linux: "Linux",
  android: "Android",
  ios: "iPhone and iPad",
  chromeos: "ChromeOS",
  other: "this system",
};

export function webgpuAdvice(userAgent: string, touchPoints: number, isSecure: boolean): WebgpuAdvice {
  const system = systemOf(userAgent, touchPoints);
  const { name, steps } = familyOf(userAgent, system);
  return {
    browser: `${name} on ${systemNames[system]}`,
    steps: isSecure
      ? steps
      : [
          "Open this page over https, or from localhost: browsers give WebGPU to secure pages alone.",
          ...steps,
        ],
  };
}

function familyOf(userAgent: string, system: System): { name: string; steps: readonly string[] } {
  if (system === "ios") {
    return {
      name: "This browser",
      steps: [
        "Update to iOS or iPadOS 26 or newer; from there on every browser on the device has WebGPU.",
        "An older device that can’t be updated can’t train. A computer with a current browser can.",
      ],
    };
  }
  if (/Firefox\//.test(userAgent)) return { name: "Firefox", steps: firefoxSteps(system) };
  if (/(Chrome|Chromium|CriOS)\//.test(userAgent)) {
    const name = /Edg\//.test(userAgent) ? "Edge" : /OPR\//.test(userAgent) ? "Opera" : "Chrome";
    return { name, steps: chromiumSteps(system) };
  }
  if (/Safari\//.test(userAgent)) {
    return {
      name: "Safari",
      steps: [
        "Update to Safari 26 or newer (macOS Sonoma or newer).",
        "Or open this page in Chrome or Edge.",
      ],
    };
  }
  return {
    name: "This browser",
    steps: ["Open this page in a current Chrome, Edge, Safari or, on Windows and macOS, Firefox."],
  };
}

function chromiumSteps(system: System): readonly string[] {
  const acceleration =
    "In the browser’s settings, under System, switch on “Use graphics acceleration when available” and restart it.";
  if (system === "linux") {
    return [
      "Update to version 144 or newer. On Linux, WebGPU is on by default for recent Intel graphics, and for NVIDIA from 148.",
      acceleration,
      "With other graphics cards, open chrome://flags, set “Unsafe WebGPU Support” and “Vulkan” to Enabled and restart the browser.",
      "chrome://gpu says in the line “WebGPU” what is missing.",
    ];
  }
  if (system === "android") {
    return [
      "Update Chrome to version 121 or newer, on Android 12 or newer.",
      "Not every phone’s graphics chip is supported. A computer with a current Chrome or Edge is the surest way.",
    ];
  }
  return [
    "Update the browser to version 113 or newer.",
    acceleration,
    "Update the driver of the graphics card. chrome://gpu says in the line “WebGPU” what is missing.",
  ];
}

function firefoxSteps(system: System): readonly string[] {
  if (system === "windows") return ["Update Firefox to version 141 or newer.", "Update the graphics driver."];
  if (system === "mac") {
    return [
      "Update Firefox to version 145 or newer on macOS 26, or to 147 or newer on an older macOS; it needs a Mac with Apple silicon.",
      "On a Mac with an Intel processor, open this page in Chrome, Edge or Safari 26.",
    ];
  }
  if (system === "linux") {
    return [
      "Firefox on Linux has WebGPU, but switched off. Open about:config and set dom.webgpu.enabled to true, then restart it.",
      "If no graphics adapter is found then, set gfx.webgpu.ignore-blocklist to true as well.",
      "Or open this page in Chrome 144 or newer.",
    ];
  }
  return ["Firefox has no WebGPU here yet. Open this page in Chrome 121 or newer, or on a computer."];
}

function systemOf(userAgent: string, touchPoints: number): System {
  if (/iPhone|iPad|iPod/.test(userAgent)) return "ios";
  if (/Macintosh/.test(userAgent)) return touchPoints > 1 ? "ios" : "mac"; // iPads call themselves Macs
  if (/Android/.test(userAgent)) return "android";
  if (/CrOS/.test(userAgent)) return "chromeos";
  if (/Windows/.test(userAgent)) return "windows";
  return /Linux|X11/.test(userAgent) ? "linux" : "other";
}
