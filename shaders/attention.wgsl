// Causal grouped-query attention over a stream of documents, forward and backward, without a mask tensor.
//
//   s(i,j) = cap·tanh(scale·q(i)·k(j) / cap), or scale·q(i)·k(j) where cap is 0
//   p = softmax over the keys j of i's document with i − window < j ≤ i         o(i) = Σ p(i,j)·v(j)
//
//   forward             q, k, v, segments         -> o (N,H,D), lse (N,H)   one workgroup a query block and head
//   prepare             o, d_o, lse               -> stats (N,H)            one lane a query and head
//   backward_key_value  q, k, v, d_o, stats, seg. -> dk, dv (N,G,D)         one workgroup a key block and kv head
//   backward_query      q, k, v, d_o, stats, seg. -> dq (N,H,D)             one workgroup a query block and head
//
//   stats = (lse, δ),  δ = Σ_d o·d_o        p = exp(s − lse)        ds = p·(d_o·v − δ)·(1 − (s/cap)²)
//   dv(j) = Σ_i p·d_o(i)      dk(j) = scale·Σ_i ds·q(i)      dq(i) = scale·Σ_j ds·k(j)
//
// Head h reads key/value head h·G/H; the group's sum over heads happens in registers, so no atomics are needed and
// every sum has a fixed order. segments[n] = (first token of n's document, one past its last). Keys outside the window
// of a whole block are never read. D is a multiple of 4; a row in workgroup memory is one quad longer than D, against bank
// conflicts. Online softmax: Milakov & Gimelshein 2018, https://arxiv.org/abs/1805.02867; backward with recomputed
// scores: Dao 2023, https://arxiv.org/abs/2307.08691. Needs: tanh.wgsl.
// Reference: src/ops/attention.ref.ts; test: src/ops/attention.check.ts.

const HEAD_QUADS: u32 = 16; // D / 4
const BLOCK: u32 = 16;      // rows a workgroup owns; divides 64
const STEP: u32 = 8;        // rows of the other side a step
const LANES: u32 = 64;
const PITCH: u32 = HEAD_QUADS + 1;
const LANES_PER_ROW: u32 = LANES / BLOCK;
const OWN: u32 = (HEAD_QUADS + LANES_PER_ROW - 1) / LANES_PER_ROW; // quads of its row a lane accumulates
const MASKED: f32 = -1e30;

struct Dims {
  rows: u32,        // N queries
  heads: u32, kv_heads: u32,
  first_block: u32, // first block of this launch
  window: u32,      // keys that a query sees, its own included
  scale: f32,
  cap: f32,         // 0: scores are not capped
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;                 // (N,H,D)
@group(0) @binding(2) var<storage, read> k: array<vec4f>;                 // (N,G,D)
@group(0) @binding(3) var<storage, read> v: array<vec4f>;                 // (N,G,D)
@group(0) @binding(4) var<storage, read> segments: array<vec2u>;          // (N)

// forward
@group(0) @binding(5) var<storage, read_write> o: array<vec4f>;           // (N,H,D)
@group(0) @binding(6) var<storage, read_write> lse_out: array<f32>;       // (N,H)

// prepare
@group(0) @binding(1) var<storage, read> o_in: array<vec4f>;              // (N,H,D)
@group(0) @binding(2) var<storage, read> d_o_in: array<vec4f>;            // (N,H,D)
@group(0) @binding(3) var<storage, read> lse: array<f32>;                 // (N,H)
@group(0) @binding(4) var<storage, read_write> stats_out: array<vec2f>;   // (N,H)

// backward
@group(0) @binding(5) var<storage, read> d_o: array<vec4f>;               // (N,H,D)
@group(0) @binding(6) var<storage, read> stats: array<vec2f>;             // (N,H)
@group(0) @binding(7) var<storage, read_write> dq: array<vec4f>;          // (N,H,D)
@group(0) @binding(7) var<storage, read_write> dk: array<vec4f>;          // (N,G,D)
@group(0) @binding(8) var<storage, read_write> dv: array<vec4f>;          // (N,G,D)

var<workgroup> own_a: array<vec4f, BLOCK * PITCH>;  // q, or k
var<workgroup> own_b: array<vec4f, BLOCK * PITCH>;  // d_o, or v
var<workgroup> step_a: array<vec4f, STEP * PITCH>;  // k, or q
var<workgroup> step_b: array<vec4f, STEP * PITCH>;  // v, or d_o
var<workgroup> scores: array<vec2f, BLOCK * STEP>;  // (s or p, ds)

@compute @workgroup_size(LANES)
fn forward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first = (group.x + dims.first_block) * BLOCK;
  let head = group.y;
  let kv_head = head / (dims.heads / dims.kv_heads);
  let row = lane / LANES_PER_ROW;
  let part = lane % LANES_PER_ROW;
  for (var e = lane; e < BLOCK * HEAD_QUADS; e += LANES) {
    own_a[(e / HEAD_QUADS) * PITCH + e % HEAD_QUADS] = load_query(first + e / HEAD_QUADS, head, e % HEAD_QUADS);
  }
  var largest = MASKED;
  var sum = 0.0;
  var acc: array<vec4f, OWN>;
  let end = min(first + BLOCK, dims.rows);
  for (var j = first_key(first); j < end; j += STEP) {
    for (var e = lane; e < STEP * HEAD_QUADS; e += LANES) {
      let at = (e / HEAD_QUADS) * PITCH + e % HEAD_QUADS;
      step_a[at] = load_key(j + e / HEAD_QUADS, kv_head, e % HEAD_QUADS);
      step_b[at] = load_value(j + e / HEAD_QUADS, kv_head, e % HEAD_QUADS);
    }
    workgroupBarrier();
    for (var e = lane; e < BLOCK * STEP; e += LANES) {
      let query = first + e / STEP;
      let key = j + e % STEP;
      var s = MASKED;
      if (query < dims.rows && key <= query && key >= first_key(query)) {
        s = capped(dims.scale * dot_rows_a((e / STEP) * PITCH, (e % STEP) * PITCH));
      }
      scores[e].x = s;
    }
    workgroupBarrier();
    var next = largest;
    for (var c = 0u; c < STEP; c++) { next = max(next, scores[row * STEP + c].x); }
    let shrink = exp(largest - next);
    sum *= shrink;
    for (var x = 0u; x < OWN; x++) { acc[x] *= shrink; }
    for (var c = 0u; c < STEP; c++) {
      let s = scores[row * STEP + c].x;
      let p = select(exp(s - next), 0.0, s == MASKED);
      sum += p;
      for (var x = 0u; x < OWN; x++) {
        acc[x] += p * step_b[c * PITCH + min(part + x * LANES_PER_ROW, HEAD_QUADS - 1)];
      }
    }
    largest = next;
    workgroupBarrier();
  }
  let query = first + row;
  if (query >= dims.rows) { return; }
  for (var x = 0u; x < OWN; x++) {
    let quad = part + x * LANES_PER_ROW;
    if (quad < HEAD_QUADS) { o[(query * dims.heads + head) * HEAD_QUADS + quad] = acc[x] / sum; }
  }
  if (part == 0) { lse_out[query * dims.heads + head] = largest + log(sum); }
}

@compute @workgroup_size(LANES)
fn prepare(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * LANES + lane;
  if (i >= dims.rows * dims.heads) { return; }
  var sum = 0.0;
  for (var c = 0u; c < HEAD_QUADS; c++) {
    sum += dot(o_in[i * HEAD_QUADS + c], d_o_in[i * HEAD_QUADS + c]);
  }
  stats_out[i] = vec2f(lse[i], sum);
}

@compute @workgroup_size(LANES)
fn backward_key_value(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first = (group.x + dims.first_block) * BLOCK;
  let kv_head = group.y;
  let group_heads = dims.heads / dims.kv_heads;
  let row = lane / LANES_PER_ROW;
  let part = lane % LANES_PER_ROW;
  for (var e = lane; e < BLOCK * HEAD_QUADS; e += LANES) {
    let at = (e / HEAD_QUADS) * PITCH + e % HEAD_QUADS;
    own_a[at] = load_key(first + e / HEAD_QUADS, kv_head, e % HEAD_QUADS);
    own_b[at] = load_value(first + e / HEAD_QUADS, kv_head, e % HEAD_QUADS);
  }
  var sum_k: array<vec4f, OWN>;
  var sum_v: array<vec4f, OWN>;
  let last = min(first + BLOCK, dims.rows) - 1;
  let end = min(segments[last].y, last + min(dims.window, dims.rows));
  for (var g = 0u; g < group_heads; g++) {
    let head = kv_head * group_heads + g;
    for (var i = first; i < end; i += STEP) {
      for (var e = lane; e < STEP * HEAD_QUADS; e += LANES) {
        let at = (e / HEAD_QUADS) * PITCH + e % HEAD_QUADS;
        step_a[at] = load_query(i + e / HEAD_QUADS, head, e % HEAD_QUADS);
        step_b[at] = load_d_o(i + e / HEAD_QUADS, head, e % HEAD_QUADS);
      }
      workgroupBarrier();
      for (var e = lane; e < BLOCK * STEP; e += LANES) {
        scores[e] = recompute(i + e % STEP, first + e / STEP, head, (e / STEP) * PITCH, (e % STEP) * PITCH);
      }
      workgroupBarrier();
      for (var c = 0u; c < STEP; c++) {
        let p = scores[row * STEP + c];
        for (var x = 0u; x < OWN; x++) {
          let at = c * PITCH + min(part + x * LANES_PER_ROW, HEAD_QUADS - 1);
          sum_v[x] += p.x * step_b[at];
          sum_k[x] += p.y * step_a[at];
        }
      }
      workgroupBarrier();
    }
  }
  let key = first + row;
  if (key >= dims.rows) { return; }
  for (var x = 0u; x < OWN; x++) {
    let quad = part + x * LANES_PER_ROW;
    if (quad >= HEAD_QUADS) { break; }
    let at = (key * dims.kv_heads + kv_head) * HEAD_QUADS + quad;
    dk[at] = dims.scale * sum_k[x];
    dv[at] = sum_v[x];
  }
}

@compute @workgroup_size(LANES)
fn backward_query(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first = (group.x + dims.first_block) * BLOCK;
  let head = group.y;
  let kv_head = head / (dims.heads / dims.kv_heads);
  let row = lane / LANES_PER_ROW;
  let part = lane % LANES_PER_ROW;
  for (var e = lane; e < BLOCK * HEAD_QUADS; e += LANES) {
    let at = (e / HEAD_QUADS) * PITCH + e % HEAD_QUADS;
    own_a[at] = load_query(first + e / HEAD_QUADS, head, e % HEAD_QUADS);
    own_b[at] = load_d_o(first + e / HEAD_QUADS, head, e % HEAD_QUADS);
  }
  var acc: array<vec4f, OWN>;
  let end = min(first + BLOCK, dims.rows);
  for (var j = first_key(first); j < end; j += STEP) {
    for (var e = lane; e < STEP * HEAD_QUADS; e += LANES) {
      let at = (e / HEAD_QUADS) * PITCH + e % HEAD_QUADS;
      step_a[at] = load_key(j + e / HEAD_QUADS, kv_head, e % HEAD_QUADS);
      step_b[at] = load_value(j + e / HEAD_QUADS, kv_head, e % HEAD_QUADS);
    }
    workgroupBarrier();
    for (var e = lane; e < BLOCK * STEP; e += LANES) {
      scores[e] = recompute(first + e / STEP, j + e % STEP, head, (e / STEP) * PITCH, (e % STEP) * PITCH);
    }
    workgroupBarrier();
    for (var c = 0u; c < STEP; c++) {
      let ds = scores[row * STEP + c].y;
      for (var x = 0u; x < OWN; x++) {
        acc[x] += ds * step_a[c * PITCH + min(part + x * LANES_PER_ROW, HEAD_QUADS - 1)];
      }
    }
    workgroupBarrier();
  }
  let query = first + row;
  if (query >= dims.rows) { return; }
  for (var x = 0u; x < OWN; x++) {
    let quad = part + x * LANES_PER_ROW;
    if (quad < HEAD_QUADS) { dq[(query * dims.heads + head) * HEAD_QUADS + quad] = dims.scale * acc[x]; }
  }
}

// (p, ds) of one query and key, whose rows lie at `own` and `step` in workgroup memory; 0 where the key is not seen.
fn recompute(query: u32, key: u32, head: u32, own: u32, step: u32) -> vec2f {
  if (query >= dims.rows || key > query || key < first_key(query)) { return vec2f(); }
  let known = stats[query * dims.heads + head];
  // The recomputed score may exceed lse by rounding; p never exceeds 1.
  let s = capped(dims.scale * dot_rows_a(own, step));
  let p = exp(min(s - known.x, 0.0));
  var ds = p * (dot_rows_b(own, step) - known.y);
  if (dims.cap != 0.0) { ds *= 1.0 - (s / dims.cap) * (s / dims.cap); }
  return vec2f(p, ds);
}

// The oldest key that a query sees.
fn first_key(query: u32) -> u32 {
  return max(segments[query].x, query + 1 - min(dims.window, query + 1));
}

fn capped(s: f32) -> f32 {
  if (dims.cap == 0.0) { return s; }
  return dims.cap * tanh4(vec4f(s / dims.cap)).x;
}

fn dot_rows_a(own: u32, step: u32) -> f32 {
  var sum = 0.0;
  for (var c = 0u; c < HEAD_QUADS; c++) { sum += dot(own_a[own + c], step_a[step + c]); }
  return sum;
}

fn dot_rows_b(own: u32, step: u32) -> f32 {
  var sum = 0.0;
  for (var c = 0u; c < HEAD_QUADS; c++) { sum += dot(own_b[own + c], step_b[step + c]); }
  return sum;
}

fn load_query(row: u32, head: u32, quad: u32) -> vec4f {
  if (row >= dims.rows) { return vec4f(); }
  return q[(row * dims.heads + head) * HEAD_QUADS + quad];
}

fn load_d_o(row: u32, head: u32, quad: u32) -> vec4f {
  if (row >= dims.rows) { return vec4f(); }
  return d_o[(row * dims.heads + head) * HEAD_QUADS + quad];
}

fn load_key(row: u32, kv_head: u32, quad: u32) -> vec4f {
  if (row >= dims.rows) { return vec4f(); }
  return k[(row * dims.kv_heads + kv_head) * HEAD_QUADS + quad];
}

fn load_value(row: u32, kv_head: u32, quad: u32) -> vec4f {
  if (row >= dims.rows) { return vec4f(); }
  return v[(row * dims.kv_heads + kv_head) * HEAD_QUADS + quad];
}
