// Attention of a few new queries over a key/value cache, for generation: query i sees the last `window` of
// the keys 0 … past + i. Scores are capped as in attention.wgsl.
//
//   decode   q (N,H,D), k, v (≥ past + N,G,D)  -> o (N,H,D)   one workgroup a query and head
//
// Each lane runs an online softmax over every LANES-th key; the lanes' results are then merged in lane order, a few
// quads at a time so that workgroup memory stays small for every head size. Head h reads key/value head h·G/H.
// Source: Milakov & Gimelshein 2018, https://arxiv.org/abs/1805.02867
// Needs: tanh.wgsl. Reference: src/ops/attention.ref.ts (with `past`); test: src/ops/attention.check.ts.

const HEAD_QUADS: u32 = 16; // D / 4
const LANES: u32 = 32;
const MERGED: u32 = 8; // quads merged at once
const MASKED: f32 = -1e30;

struct Dims { heads: u32, kv_heads: u32, past: u32, window: u32, scale: f32, cap: f32 }

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;       // (N,H,D)
@group(0) @binding(2) var<storage, read> k: array<vec4f>;       // (capacity,G,D)
@group(0) @binding(3) var<storage, read> v: array<vec4f>;       // (capacity,G,D)
@group(0) @binding(4) var<storage, read_write> o: array<vec4f>; // (N,H,D)

var<workgroup> lane_softmax: array<vec2f, LANES>; // (largest score, Σ exp(score − largest))
var<workgroup> lane_value: array<vec4f, LANES * MERGED>;

@compute @workgroup_size(LANES)
fn decode(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let query = (group.x * dims.heads + group.y) * HEAD_QUADS;
  let kv_head = group.y / (dims.heads / dims.kv_heads);
  var largest = MASKED;
  var sum = 0.0;
  var acc: array<vec4f, HEAD_QUADS>;
  let oldest = dims.past + group.x + 1 - min(dims.window, dims.past + group.x + 1);
  for (var key = oldest + lane; key <= dims.past + group.x; key += LANES) {
    let at = (key * dims.kv_heads + kv_head) * HEAD_QUADS;
    var s = 0.0;
    for (var c = 0u; c < HEAD_QUADS; c++) { s += dot(q[query + c], k[at + c]); }
    s *= dims.scale;
    if (dims.cap != 0.0) { s = dims.cap * tanh4(vec4f(s / dims.cap)).x; }
    let next = max(largest, s);
    let shrink = exp(largest - next);
    let p = exp(s - next);
    sum = sum * shrink + p;
    for (var c = 0u; c < HEAD_QUADS; c++) { acc[c] = acc[c] * shrink + p * v[at + c]; }
    largest = next;
  }
  lane_softmax[lane] = vec2f(largest, sum);
  workgroupBarrier();
  var whole = MASKED;
  for (var i = 0u; i < LANES; i++) { whole = max(whole, lane_softmax[i].x); }
  var total = 0.0;
  for (var i = 0u; i < LANES; i++) { total += lane_softmax[i].y * exp(lane_softmax[i].x - whole); }
  let weight = exp(largest - whole) / total;
  for (var begin = 0u; begin < HEAD_QUADS; begin += MERGED) {
    for (var c = 0u; c < MERGED; c++) {
      lane_value[c * LANES + lane] = acc[min(begin + c, HEAD_QUADS - 1)] * weight;
    }
    workgroupBarrier();
    if (lane < MERGED && begin + lane < HEAD_QUADS) {
      var merged = vec4f();
      for (var i = 0u; i < LANES; i++) { merged += lane_value[lane * LANES + i]; }
      o[query + begin + lane] = merged;
    }
    workgroupBarrier();
  }
}
