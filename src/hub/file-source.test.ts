import { expect, it } from "vitest";
import { fileSource, modelFolder } from "./file-source";

function picked(path: string, text = ""): File {
  const file = new File([text], path.slice(path.lastIndexOf("/") + 1));
  return Object.defineProperty(file, "webkitRelativePath", { value: path.includes("/") ? path : "" });
}

it("reads slices of the files", async () => {
  const source = fileSource("m", [picked("config.json", "hello world")]);
  expect(await source.text("config.json")).toBe("hello world");
  expect(new TextDecoder().decode(await source.read("config.json", 6, 11))).toBe("world");
  expect(await source.size("config.json")).toBe(11);
  expect(await source.has("tokenizer.json")).toBe(false);
});

it("says what is missing and what is there", async () => {
  const source = fileSource("m", [picked("config.json")]);
  await expect(source.text("tokenizer.json")).rejects.toThrow(
    /m: tokenizer\.json is missing; .* config\.json/,
  );
});

it("finds the model's folder in a tree", () => {
  const files = [
    "top/readme.md",
    "top/model/config.json",
    "top/model/a.safetensors",
    "top/model/onnx/config.json",
  ];
  const { name, files: own } = modelFolder(files.map((path) => picked(path)));
  expect(name).toBe("model");
  expect(own.map((file) => file.name)).toEqual(["config.json", "a.safetensors"]);
  expect(modelFolder([picked("config.json")]).name).toBe("Picked files");
});
