// Memory plan: where every activation of a launch list lives. No GPU needed, so the plan is also the estimate that
// a person sees before a download.
//
// Two rules of WebGPU shape it: within one launch a buffer may not be bound both read-only and writable, whatever
// the offsets, and offsets are multiples of 256. So there are a few banks (buffers), and no launch reads a bank that
// it writes. Inside a bank tensors are placed by first fit over their lifetimes, in the best of a few orders.

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
  const enough = CLOSE_ENOUGH * largestLiveBytes(lifetimes, launches.length);
  const attempts = [false, true].flatMap((spread) => placementOrders.map((order) => ({ order, spread })));
  const { placements, bankBytes } = attempts.reduce<Placed | undefined>((best, { order, spread }) => {
    if (best && best.bytes <= enough) return best;
    const placed = place([...lifetimes].sort(order), opposed, spread);
    return best && best.bytes <= placed.bytes ? best : placed;
  }, undefined)!;
  return { launches, residents, placements, bankBytes };
}

/** A plan this close to the bytes that live at once, which no plan can undercut, ends the search for a smaller one. */
const CLOSE_ENOUGH = 1.02;

/**
 * Orders in which first fit is tried. Largest first is close enough for a transformer's step; on random graphs,
 * where sizes repeat and lifetimes differ much, one of the others may need a fifth less.
 */
const placementOrders: readonly ((a: Lifetime, b: Lifetime) => number)[] = [
  (a, b) => b.tensor.bytes - a.tensor.bytes || a.first - b.first,
  (a, b) => area(b) - area(a) || a.first - b.first,
  (a, b) => b.last - b.first - (a.last - a.first) || b.tensor.bytes - a.tensor.bytes || a.first - b.first,
  (a, b) => a.first - b.first || b.tensor.bytes - a.tensor.bytes,
];

function area({ tensor, first, last }: Lifetime): number {
  return tensor.bytes * (last - first + 1);
}

function largestLiveBytes(lifetimes: readonly Lifetime[], launches: number): number {
  const change = new Float64Array(launches + 1);
  for (const { tensor, first, last } of lifetimes) {
    change[first]! += alignUp(tensor.bytes);
    change[last + 1]! -= alignUp(tensor.bytes);
  }
  let live = 0;
  return change.reduce((largest, bytes) => Math.max(largest, (live += bytes)), 0);
}

interface Placed extends Pick<MemoryPlan, "placements" | "bankBytes"> {
  readonly bytes: number;
}

/**
 * Places each lifetime, in the order given, where it makes the banks grow least: of equals in the first bank, or in
 * the last when they are to be spread, which uses more banks and sometimes fewer bytes.
 */
function place(
  lifetimes: readonly Lifetime[],
  opposed: ReadonlyMap<Tensor, ReadonlySet<Tensor>>,
  spread: boolean,
): Placed {
  const banks: Bank[] = [];
  const bankOf = new Map<Tensor, number>();
  const placements = new Map<Tensor, Placement>();
  for (const lifetime of lifetimes) {
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
      if (!best || growth < best.growth || (spread && growth === best.growth))
        best = { bank, offset, growth };
    }
    assert(best, `tensor ${tensor.name}: no bank takes it`);
    const bank = (banks[best.bank] ??= { bytes: 0, placed: [] });
    bank.bytes += best.growth;
    const above = bank.placed.findIndex(({ offset }) => offset > best.offset);
    bank.placed.splice(above < 0 ? bank.placed.length : above, 0, { ...lifetime, offset: best.offset });
    bankOf.set(tensor, best.bank);
    placements.set(tensor, { bank: best.bank, offset: best.offset });
  }
  const bankBytes = banks.map((bank) => bank.bytes);
  return { placements, bankBytes, bytes: bankBytes.reduce((sum, bytes) => sum + bytes, 0) };
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
  /** In the order of their offsets. */
  readonly placed: (Lifetime & { readonly offset: number })[];
}

/** Lowest offset at which `lifetime` meets no tensor alive at the same time. */
function firstFit(bank: Bank, lifetime: Lifetime): number {
  const bytes = alignUp(lifetime.tensor.bytes);
  let offset = 0;
  for (const other of bank.placed) {
    if (offset + bytes <= other.offset) break;
    const isAlive = other.first <= lifetime.last && lifetime.first <= other.last;
    if (isAlive) offset = Math.max(offset, other.offset + alignUp(other.tensor.bytes));
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
