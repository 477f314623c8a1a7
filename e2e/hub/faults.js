// What can go wrong on the way from a Hub, as data, and seeded schedules of it: the same seed gives the same faults at
// the same requests.

/**
 * @typedef {{ kind: "status", status: number, headers?: Record<string, string>, errorCode?: string, message?: string }
 *   | { kind: "refuse" }
 *   | { kind: "drop", share: number }
 *   | { kind: "truncate", share: number }
 *   | { kind: "corrupt", share: number }
 *   | { kind: "stall", share: number, milliseconds: number }
 *   | { kind: "slow", milliseconds: number }
 *   | { kind: "whole" }
 *   | { kind: "other-range" }
 *   | { kind: "expired" }} Fault
 *
 * `refuse` closes the connection without an answer; `drop` closes it after that share of the body; `truncate` answers
 * well with a shorter range; `corrupt` flips a bit; `stall` falls silent; `slow` waits before the answer; `whole` ignores
 * the range; `other-range` answers with other bytes than were asked for; `expired` redirects to an address that has
 * expired.
 *
 * @typedef {object} FaultRequest
 * @property {"api" | "resolve" | "cdn"} at
 * @property {string} path       of the file; of the address for the API
 * @property {number | undefined} begin  of the range
 *
 * @typedef {(request: FaultRequest) => Fault | undefined} Faults
 */

/** Numbers in [0, 1) of a seed (mulberry32).
 * @param {number} seed
 */
export function seededRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @type {readonly ((random: () => number) => Fault)[]} */
const bodyFaults = [
  () => ({ kind: "refuse" }),
  (random) => ({ kind: "drop", share: random() }),
  (random) => ({ kind: "truncate", share: random() }),
  (random) => ({ kind: "stall", share: random(), milliseconds: 60_000 }),
  (random) => ({ kind: "corrupt", share: random() }),
  () => ({ kind: "whole" }),
  () => ({ kind: "other-range" }),
];

/** @type {readonly ((random: () => number) => Fault)[]} */
const resolveFaults = [
  () => ({ kind: "expired" }),
  () => ({ kind: "refuse" }),
  () => ({ kind: "status", status: 429, headers: { "Retry-After": "1" } }),
  () => ({ kind: "status", status: 429, headers: { RateLimit: '"resolvers";r=0;t=1' } }),
  () => ({ kind: "status", status: 500 }),
  () => ({ kind: "status", status: 503 }),
];

/** @type {readonly ((random: () => number) => Fault)[]} */
const apiFaults = [
  () => ({ kind: "refuse" }),
  (random) => ({ kind: "drop", share: random() }),
  () => ({ kind: "status", status: 429, headers: { "Retry-After": "1" } }),
  () => ({ kind: "status", status: 502 }),
];

/**
 * At each request a fault with probability `rate`, at most `most` altogether. `counted` tells what was given out.
 * @param {number} seed
 * @param {{ rate: number, most: number, without?: readonly Fault["kind"][] }} options
 */
export function seededFaults(seed, { rate, most, without = [] }) {
  const random = seededRandom(seed);
  /** @type {Fault[]} */
  const given = [];
  /** @type {Faults} */
  const faults = ({ at }) => {
    if (given.length >= most || random() >= rate) return undefined;
    const kinds = { api: apiFaults, resolve: resolveFaults, cdn: bodyFaults }[at];
    const fault = kinds[Math.floor(random() * kinds.length)]?.(random);
    if (!fault || without.includes(fault.kind)) return undefined;
    given.push(fault);
    return fault;
  };
  return { faults, given };
}
