// The same products through @jax-js/jax, in the same process on the same adapter. It finds WebGPU at navigator.gpu,
// which Node does not have, so Dawn's instance is put there.

import { create, globals } from "webgpu";
import { createRandom } from "../src/core/random";
import type { MatmulEntry } from "../src/ops/matmul";
import { relativeError, tolerance } from "../src/testing/check";
import type { Candidate } from "./stopwatch";

/** One jitted product of n³; `error` is that of sampled entries against float64. */
export interface Peer {
  readonly entry: MatmulEntry;
  readonly candidate: Candidate;
  readonly error: number;
}

/** Dawn's instance dies with its JavaScript object. */
let instance: GPU | undefined;

/** The three products of n×n matrices, `repeats` times a run. */
export async function jaxProducts(size: number, repeats: number): Promise<Peer[]> {
  if (!globalThis.navigator?.gpu) {
    Object.assign(globalThis, globals);
    instance = create(process.platform === "linux" ? ["backend=vulkan"] : []);
    const navigator = { gpu: instance, userAgent: "node" };
    Object.defineProperty(globalThis, "navigator", { value: navigator, configurable: true });
  }
  const jax = await import("@jax-js/jax");
  const found = await jax.init("webgpu");
  if (!found.includes("webgpu")) throw new Error(`@jax-js/jax found no WebGPU, only ${found.join(", ")}`);
  jax.defaultDevice("webgpu");
  const { numpy: np, jit, blockUntilReady } = jax;

  const random = createRandom(9);
  const numbers = (): Float32Array<ArrayBuffer> =>
    Float32Array.from({ length: size * size }, () => 2 * random.uniform() - 1);
  const [a, b] = [numbers(), numbers()];
  const left = np.array(a).reshape([size, size]);
  const right = np.array(b).reshape([size, size]);
  type Matrix = typeof left;
  const products: Record<MatmulEntry, (x: Matrix, y: Matrix) => Matrix> = {
    forward: (x, y) => np.matmul(x, np.transpose(y)),
    backward_input: (x, y) => np.matmul(x, y),
    backward_weight: (x, y) => np.matmul(np.transpose(x), y),
  };
  /** Strides of a along the row and the inner index, of b along the inner index and the column. */
  const strides: Record<MatmulEntry, readonly [number, number, number, number]> = {
    forward: [size, 1, 1, size],
    backward_input: [size, 1, size, 1],
    backward_weight: [1, size, size, 1],
  };

  const peers: Peer[] = [];
  for (const entry of Object.keys(products) as MatmulEntry[]) {
    const product = jit(products[entry]);
    const got = await product(left.ref, right.ref).data();
    const samples = Array.from({ length: 256 }, () => [random.below(size), random.below(size)] as const);
    const [row, aInner, bInner, col] = strides[entry];
    const want = samples.map(([i, j]) => {
      let sum = 0;
      for (let k = 0; k < size; k++) sum += a[i * row + k * aInner]! * b[k * bInner + j * col]!;
      return sum;
    });
    const error = relativeError(
      samples.map(([i, j]) => Number(got[i * size + j])),
      want,
    );
    if (!(error <= tolerance(size))) throw new Error(`@jax-js/jax ${entry}: its result is off by ${error}`);
    const run = async (): Promise<void> => {
      for (let i = 1; i < repeats; i++) product(left.ref, right.ref).dispose();
      const last = product(left.ref, right.ref);
      await blockUntilReady([last]);
      last.dispose();
    };
    peers.push({ entry, candidate: { name: "@jax-js/jax", repeats, run }, error });
  }
  return peers;
}
