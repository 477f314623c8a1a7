import { describe, expect, it } from "vitest";
import { add, newTape } from "../ops/elementwise";
import { linear } from "../ops/linear";
import { rmsNorm } from "../ops/rms-norm";
import { f32Weight } from "../ops/weight";
import { fakeKernel, fakeLaunch } from "./launches.fixture";
import { layOutParameters } from "./parameters";
import { compile } from "./program";
import { splitHeavyLaunches, withoutDeadLaunches, type Launch, type Tape } from "./tape";
import { createTensor, resident, rootOf, scalarAt, value, view, type Tensor } from "./tensor";

const activation = (name: string): Tensor => createTensor(name, [64], "activation");
const entries = (tape: Tape): string[] => tape.launches.map(({ kernel }) => kernel.entryPoint);

describe("launch", () => {
  const [a, y] = [resident("a", [64]), resident("y", [64])];

  it("orders tensors and dims as the kernel does, whatever their order in the call", () => {
    const tape = newTape();
    tape.launch(fakeKernel(1, 1), { w0: y, r0: a }, { first: 3 }, [1, 1, 1]);
    expect(tape.launches[0]).toMatchObject({ tensors: [a, y], dims: [3] });
  });

  it.each([
    ["a missing tensor", { r0: a }, { first: 0 }, /got tensors r0, need r0, w0/],
    ["a tensor too many", { r0: a, w0: y, extra: a }, { first: 0 }, /got tensors r0, w0, extra, need r0, w0/],
    ["a tensor misspelt", { r0: a, out: y }, { first: 0 }, /got tensors r0, out, need r0, w0/],
    ["a missing number", { r0: a, w0: y }, {}, /got dims , need first/],
    ["a number misspelt", { r0: a, w0: y }, { last: 0 }, /got dims last, need first/],
  ])("throws for %s", (_, tensors, dims, message) => {
    const launch = () => newTape().launch(fakeKernel(1, 1), tensors as never, dims as never, [1, 1, 1]);
    expect(launch).toThrow(message);
  });
});

describe("backward", () => {
  const rows = value("rows", 32);
  const frozen = (name: string) => f32Weight(resident(name, [8, 8]), 8, 8);
  const norm = { tensor: resident("norm", [8]) };
  const input = (): Tensor => resident("x", [rows, 8]);
  const adapter = () => {
    const [a, b] = layOutParameters([
      { name: "a", rows: 4, cols: 8 },
      { name: "b", rows: 8, cols: 4 },
    ]).list;
    return { a: a!, b: b!, scale: 1 };
  };

  it("appends nothing below the lowest trainable layer and no gradient of a frozen weight", () => {
    const tape = newTape();
    const below = linear(tape, rmsNorm(tape, input(), norm, 1e-5), { name: "below", weight: frozen("w0") });
    const y = linear(tape, below, { name: "trained", weight: frozen("w1"), lora: adapter() });
    const above = linear(tape, y, { name: "above", weight: frozen("w2") });
    const forward = tape.launches.length;
    tape.backward(above, resident("dy", [rows, 8]));
    // Through `above` to y, then dh, dB and dA of the adapter; nothing for `below` or the norm.
    expect(entries(tape).slice(forward)).toEqual([
      "backward_input",
      "backward_input",
      "backward_weight",
      "backward_weight",
    ]);
  });

  it("throws when no parameter lies behind the output", () => {
    const tape = newTape();
    const y = linear(tape, input(), { name: "y", weight: frozen("w") });
    expect(() => tape.backward(y, resident("dy", [rows, 8]))).toThrow(/y depends on no parameter/);
  });

  it("records no rules on a tape that does not train", () => {
    const tape = newTape({ training: false });
    const y = linear(tape, input(), { name: "y", weight: frozen("w"), lora: adapter() });
    expect(tape.needsGradient(y)).toBe(false);
    expect(() => tape.backward(y, resident("dy", [rows, 8]))).toThrow(/depends on no parameter/);
  });

  it("copies a shared gradient once and adds to the copy", () => {
    const tape = newTape();
    const x = input();
    tape.watch(x);
    const y = add(tape, x, linear(tape, x, { name: "branch", weight: frozen("w") }));
    const dy = resident("dy", [rows, 8]);
    const forward = tape.launches.length;
    tape.backward(y, dy);
    expect(entries(tape).slice(forward)).toEqual(["copy", "backward_input"]);
    expect(tape.gradient(x)).not.toBe(dy);
    for (const { kernel, tensors } of tape.launches.slice(forward)) {
      tensors.forEach((tensor, i) => {
        if (rootOf(tensor) === dy) expect(kernel.bindings[i]!.access).toBe("read");
      });
    }
  });

  it("passes a gradient on without a launch where nobody else adds to it", () => {
    const tape = newTape();
    const [a, b] = [input(), input()];
    tape.watch(a);
    tape.watch(b);
    const y = add(tape, a, b);
    const dy = resident("dy", [rows, 8]);
    const forward = tape.launches.length;
    tape.backward(y, dy);
    expect(tape.launches).toHaveLength(forward);
    expect([tape.gradient(a), tape.gradient(b)]).toEqual([dy, dy]);
  });

  it("never writes the gradient that it was given", () => {
    const tape = newTape();
    const x = input();
    tape.watch(x);
    const y = add(tape, x, rmsNorm(tape, linear(tape, x, { name: "y", weight: frozen("w") }), norm, 1e-5));
    const dy = resident("dy", [rows, 8]);
    tape.backward(y, dy);
    for (const { kernel, tensors } of tape.launches) {
      const i = tensors.findIndex((tensor) => rootOf(tensor) === dy);
      if (i >= 0) expect(kernel.bindings[i]!.access, kernel.label).toBe("read");
    }
  });

  it("records a checkpointed block once more, in front of its backward pass", () => {
    const tape = newTape();
    const lora = adapter();
    const y = tape.checkpoint(input(), (x) =>
      linear(tape, rmsNorm(tape, x, norm, 1e-5), { name: "y", weight: frozen("w"), lora }),
    );
    const block = entries(tape);
    tape.backward(y, resident("dy", [rows, 8]));
    expect(entries(tape).slice(block.length, 2 * block.length)).toEqual(block);
    // What nobody reads falls away again: the block's output, whose gradient is at hand.
    const plan = compile(tape);
    expect(plan.launches.length).toBeLessThan(tape.launches.length);
  });

  it("does not record a block without parameters again", () => {
    const tape = newTape();
    tape.checkpoint(input(), (x) => rmsNorm(tape, x, norm, 1e-5));
    expect(tape.launches).toHaveLength(1);
  });
});

describe("withoutDeadLaunches", () => {
  it("keeps what leads to a resident tensor and drops the rest", () => {
    const [input, out] = [resident("input", [64]), resident("out", [64])];
    const [used, unused, afterUnused] = ["used", "unused", "after unused"].map(activation) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    const launches = [
      fakeLaunch([input], [used]),
      fakeLaunch([input], [unused]),
      fakeLaunch([unused], [afterUnused]),
      fakeLaunch([used], [out]),
    ];
    expect(withoutDeadLaunches(launches)).toEqual([launches[0], launches[3]]);
  });

  it("keeps a launch of which one of two results is read", () => {
    const [out, read, unread] = [resident("out", [64]), activation("read"), activation("unread")];
    const launches = [fakeLaunch([], [read, unread]), fakeLaunch([read], [out])];
    expect(withoutDeadLaunches(launches)).toEqual(launches);
  });

  it("follows views to the tensor they look into", () => {
    const out = resident("out", [64]);
    const whole = createTensor("whole", [256], "activation");
    const parts = [0, 512].map((offset) => view(whole, `part ${offset}`, offset, [64]));
    const launches = [fakeLaunch([], [parts[0]!]), fakeLaunch([], [parts[1]!]), fakeLaunch([whole], [out])];
    expect(withoutDeadLaunches(launches)).toEqual(launches);
  });
});

describe("splitHeavyLaunches", () => {
  const out = resident("out", [64]);
  const split = { dim: 0, axis: 1 } as const;
  const heavy = (groups: Launch["grid"][1], multiplyAdds: number): Launch =>
    fakeLaunch([], [out], [3, groups, 1], { multiplyAdds, split });
  /** [first, count] of each piece when `rows` workgroups are there. */
  const pieces = (launch: Launch, limit: number, rows = 0): number[][] =>
    splitHeavyLaunches([launch], limit).map((piece) => [
      scalarAt(piece.dims[0]!, { rows }),
      scalarAt(piece.grid[1], { rows }),
    ]);

  it("leaves light launches and those that cannot be cut", () => {
    const launches = [heavy(10, 100), fakeLaunch([], [out], [3, 10, 1], { multiplyAdds: 1e9 })];
    expect(splitHeavyLaunches(launches, 100)).toEqual(launches);
  });

  it("cuts along the split axis into neighbours that cover it once", () => {
    expect(pieces(heavy(10, 300), 100)).toEqual([
      [0, 4],
      [4, 4],
      [8, 2],
    ]);
    const [piece] = splitHeavyLaunches([heavy(10, 300)], 100);
    expect(piece!.grid[0]).toBe(3);
    expect(piece!.multiplyAdds).toBeLessThanOrEqual(120);
  });

  it("cuts no finer than single workgroups", () => {
    expect(pieces(heavy(3, 1e9), 1)).toEqual([
      [0, 1],
      [1, 1],
      [2, 1],
    ]);
  });

  it("cuts for the largest count and leaves the last pieces empty where there are fewer", () => {
    const launch = heavy(value("rows", 10), 300);
    expect(pieces(launch, 100, 10)).toEqual([
      [0, 4],
      [4, 4],
      [8, 2],
    ]);
    expect(pieces(launch, 100, 5)).toEqual([
      [0, 4],
      [4, 1],
      [8, 0],
    ]);
  });
});
