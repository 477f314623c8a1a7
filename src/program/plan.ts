// Memory plan: where every activation of a launch list lives. No GPU needed, so the plan is also the estimate that
// a person sees before a download.
//
// Two rules of WebGPU shape it: within one launch a buffer may not be bound both read-only and writable, whatever
// the offsets, and offsets are multiples of 256. So there are a few banks (buffers), and no launch reads a bank that
// it writes. Inside a bank tensors are placed by first fit, largest first, over their lifetimes.

import { assert } from "../core/errors";
import { MAX_BINDING_BYTES, MAX_BUFFER_BYTES } from "../gpu/device";
import type { Launch } from "./tape";
import { alignUp, rootOf, type Tensor } from "./tensor";

export interface Placement {
  readonly bank: number;
  readonly offset: number;
}

export interface MemoryPlan {
  readonly launches: readonly Launch[];
  readonly placements: ReadonlyMap<Tensor, Placement>;
  /** Size of each bank in bytes. */
  readonly bankBytes: readonly number[];
  /** Resident tensors that the launches touch. */
  readonly residents: readonly Tensor[];
}

interface Lifetime {
  readonly tensor: Tensor;
  readonly first: number;
  last: number;
}

/** Plans `launches`. Throws when a tensor does not fit in one binding. */
export function planMemory(launches: readonly Launch[]): MemoryPlan {
  const { lifetimes, residents } = lifetimesOf(launches);
  const opposed = opposedTensors(launches);
  const banks: Bank[] = [];
  const bankOf = new Map<Tensor, number>();
  const placements = new Map<Tensor, Placement>();

  for (const lifetime of [...lifetimes].sort(
    (a, b) => b.tensor.bytes - a.tensor.bytes || a.first - b.first,
  )) {
    const { tensor } = lifetime;
    assert(
      tensor.bytes <= MAX_BINDING_BYTES,
      `tensor ${tensor.name}: got ${tensor.bytes} bytes, one binding holds ${MAX_BINDING_BYTES}`,
    );
    const forbidden = new Set([...(opposed.get(tensor) ?? [])].map((other) => bankOf.get(other)));
    let best: { bank: number; offset: number; growth: number } | undefined;
    for (let bank = 0; bank <= banks.length; bank++) {
      if (forbidden.has(bank)) continue;
      const current = banks[bank] ?? { bytes: 0, placed: [] };
      const offset = firstFit(current, lifetime);
      const end = offset + alignUp(tensor.bytes);
      if (end > MAX_BUFFER_BYTES) continue;
      const growth = Math.max(0, end - current.bytes);
      if (!best || growth < best.growth) best = { bank, offset, growth };
    }
    assert(best, `tensor ${tensor.name}: no bank takes it`);
    const bank = (banks[best.bank] ??= { bytes: 0, placed: [] });
    bank.bytes += best.growth;
    bank.placed.push({ ...lifetime, offset: best.offset });
    bankOf.set(tensor, best.bank);
    placements.set(tensor, { bank: best.bank, offset: best.offset });
  }
  return { launches, placements, bankBytes: banks.map((bank) => bank.bytes), residents };
}

/** Banks that hold any one of several plans: programs that never run at once share their activations. */
export function sharedBankBytes(plans: readonly MemoryPlan[]): number[] {
  const count = Math.max(0, ...plans.map((plan) => plan.bankBytes.length));
  return Array.from({ length: count }, (_, bank) =>
    Math.max(...plans.map((plan) => plan.bankBytes[bank] ?? 0)),
  );
}

interface Bank {
  bytes: number;
  readonly placed: (Lifetime & { readonly offset: number })[];
}

/** Lowest offset at which `lifetime` meets no tensor alive at the same time. */
function firstFit(bank: Bank, lifetime: Lifetime): number {
  const alive = bank.placed
    .filter((other) => other.first <= lifetime.last && lifetime.first <= other.last)
    .sort((a, b) => a.offset - b.offset);
  let offset = 0;
  for (const other of alive) {
    if (offset + alignUp(lifetime.tensor.bytes) <= other.offset) break;
    offset = Math.max(offset, other.offset + alignUp(other.tensor.bytes));
  }
  return offset;
}

function lifetimesOf(launches: readonly Launch[]): { lifetimes: Lifetime[]; residents: Tensor[] } {
  const lifetimes = new Map<Tensor, Lifetime>();
  const residents = new Set<Tensor>();
  launches.forEach((launch, index) => {
    launch.tensors.forEach((tensor, i) => {
      const root = rootOf(tensor);
      if (root.place === "resident") {
        residents.add(root);
        return;
      }
      const known = lifetimes.get(root);
      if (known) {
        known.last = index;
        return;
      }
      const writes = launch.kernel.bindings[i]!.access === "write";
      assert(writes, `tensor ${root.name}: ${launch.kernel.label} reads it before any launch wrote it`);
      lifetimes.set(root, { tensor: root, first: index, last: index });
    });
  });
  return { lifetimes: [...lifetimes.values()], residents: [...residents] };
}

/** Activation → activations that some launch binds with the opposite access. */
function opposedTensors(launches: readonly Launch[]): Map<Tensor, Set<Tensor>> {
  const opposed = new Map<Tensor, Set<Tensor>>();
  const oppose = (a: Tensor, b: Tensor): void => {
    const others = opposed.get(a) ?? new Set<Tensor>();
    opposed.set(a, others.add(b));
  };
  for (const { kernel, tensors } of launches) {
    const roots = tensors.map(rootOf);
    roots.forEach((a, i) => {
      roots.forEach((b, j) => {
        if (kernel.bindings[i]!.access === kernel.bindings[j]!.access) return;
        assert(a !== b, `kernel ${kernel.label}: reads and writes ${a.name} through two bindings`);
        if (a.place === "activation" && b.place === "activation") oppose(a, b);
      });
    });
  }
  return opposed;
}
