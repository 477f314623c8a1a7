// Matrix products from tiles in workgroup memory: a workgroup of SIDE×SIDE invocations owns a TILE×TILE block of the
// result, each invocation a 4×4 part of it. The classic form for GPUs with fast workgroup memory; slow on software
// adapters. SIDE 16 reads its operands the fewest times, SIDE 8 gives four times as many workgroups.
//
//   forward          x (N,K), weight (O,K), bias (O) -> y (N,O)    y = scale·x·weightᵀ + bias     [+= when accumulate]
//   backward_input   dy (N,O), weight (O,K)          -> dx (N,K)   dx = scale·dy·weight           [+= when accumulate]
//   backward_weight  x (N,K), dy (N,O)               -> dw (O,K)   dw += scale·dyᵀ·x
//
// K is a multiple of 4; rows of y and dy are `stride` elements apart, a multiple of 4 (O rounded up), and what lies
// between O and stride has no meaning in y and must be zero in dy. What lies past an edge is
// loaded as zero. Every shared write is a whole vec4, and no operand is transposed on the way. All sums in f32, in
// order of the inner index.
// Needs: one of weights/*.wgsl (load_weight4). Same contract as matmul-registers.wgsl.
// Reference: src/ops/matmul.ref.ts; test: src/ops/matmul.check.ts.

const SIDE: u32 = 16;  // invocations along each axis
const DEPTH: u32 = 16; // inner indices a step, a multiple of 4; 32 for SIDE 8
const TILE: u32 = 4 * SIDE; // rows and columns of the result a workgroup owns
const LANES: u32 = SIDE * SIDE;
const QUADS: u32 = DEPTH / 4;
// Pitches of tiles that lie along the inner index (TILE rows) and across it (DEPTH rows): one quad longer than needed,
// which keeps lanes that read one column apart from each other's banks.
const ALONG: u32 = QUADS + 1;
const ACROSS: u32 = SIDE + 1;

struct Dims {
  rows: u32, outs: u32, inner: u32, // N, O, K
  stride: u32,     // elements between rows of y and dy
  first_tile: u32, // first tile row of this launch
  accumulate: u32, has_bias: u32, scale: f32,
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;         // (N,K)

// forward
@group(0) @binding(3) var<storage, read> bias: array<f32>;        // (O), read when has_bias
@group(0) @binding(4) var<storage, read_write> y: array<f32>;     // (N,stride)

// backward
@group(0) @binding(3) var<storage, read> dy: array<vec4f>;        // (N,stride)
@group(0) @binding(4) var<storage, read_write> dx: array<vec4f>;  // (N,K)
@group(0) @binding(4) var<storage, read_write> dw: array<vec4f>;  // (O,K)

var<workgroup> tile_a: array<vec4f, TILE * ALONG>; // no smaller than DEPTH · ACROSS
var<workgroup> tile_b: array<vec4f, TILE * ALONG>;

fn load_x(row: u32, k4: u32) -> vec4f {
  if (row >= dims.rows || k4 >= dims.inner / 4) { return vec4f(); }
  return x[row * (dims.inner / 4) + k4];
}

fn load_dy(row: u32, o4: u32) -> vec4f {
  if (row >= dims.rows || o4 >= dims.stride / 4) { return vec4f(); }
  return dy[row * (dims.stride / 4) + o4];
}

fn load_w(out: u32, k4: u32) -> vec4f {
  if (out >= dims.outs || k4 >= dims.inner / 4) { return vec4f(); }
  return load_weight4(out * (dims.inner / 4) + k4);
}

// y: an invocation owns rows 4·local.y + i and columns local.x + SIDE·j.
@compute @workgroup_size(SIDE, SIDE)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = (group.y + dims.first_tile) * TILE;
  let col = group.x * TILE;
  var c0 = vec4f(); var c1 = vec4f(); var c2 = vec4f(); var c3 = vec4f();
  for (var k = 0u; k < dims.inner; k += DEPTH) {
    for (var e = lane; e < TILE * QUADS; e += LANES) {
      tile_a[(e / QUADS) * ALONG + e % QUADS] = load_x(row + e / QUADS, k / 4 + e % QUADS);
      tile_b[(e / QUADS) * ALONG + e % QUADS] = load_w(col + e / QUADS, k / 4 + e % QUADS);
    }
    workgroupBarrier();
    for (var i = 0u; i < QUADS; i++) {
      let b0 = tile_b[local.x * ALONG + i];
      let b1 = tile_b[(local.x + SIDE) * ALONG + i];
      let b2 = tile_b[(local.x + 2 * SIDE) * ALONG + i];
      let b3 = tile_b[(local.x + 3 * SIDE) * ALONG + i];
      let a0 = tile_a[(local.y * 4) * ALONG + i];
      let a1 = tile_a[(local.y * 4 + 1) * ALONG + i];
      let a2 = tile_a[(local.y * 4 + 2) * ALONG + i];
      let a3 = tile_a[(local.y * 4 + 3) * ALONG + i];
      c0 += vec4f(dot(a0, b0), dot(a0, b1), dot(a0, b2), dot(a0, b3));
      c1 += vec4f(dot(a1, b0), dot(a1, b1), dot(a1, b2), dot(a1, b3));
      c2 += vec4f(dot(a2, b0), dot(a2, b1), dot(a2, b2), dot(a2, b3));
      c3 += vec4f(dot(a3, b0), dot(a3, b1), dot(a3, b2), dot(a3, b3));
    }
    workgroupBarrier();
  }
  store_y(row + local.y * 4, col + local.x, c0);
  store_y(row + local.y * 4 + 1, col + local.x, c1);
  store_y(row + local.y * 4 + 2, col + local.x, c2);
  store_y(row + local.y * 4 + 3, col + local.x, c3);
}

fn store_y(row: u32, col: u32, sums: vec4f) {
  if (row >= dims.rows) { return; }
  store_y1(row, col, sums.x);
  store_y1(row, col + SIDE, sums.y);
  store_y1(row, col + 2 * SIDE, sums.z);
  store_y1(row, col + 3 * SIDE, sums.w);
}

fn store_y1(row: u32, col: u32, sum: f32) {
  if (col >= dims.outs) { return; }
  let at = row * dims.stride + col;
  var value = sum * dims.scale;
  if (dims.has_bias != 0) { value += bias[col]; }
  if (dims.accumulate != 0) { value += y[at]; }
  y[at] = value;
}

// dx: an invocation owns rows 4·local.y + i and columns 4·local.x …+3.
@compute @workgroup_size(SIDE, SIDE)
fn backward_input(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = (group.y + dims.first_tile) * TILE;
  let col4 = group.x * (TILE / 4);
  var c0 = vec4f(); var c1 = vec4f(); var c2 = vec4f(); var c3 = vec4f();
  for (var o = 0u; o < dims.outs; o += DEPTH) {
    for (var e = lane; e < TILE * QUADS; e += LANES) {
      tile_a[(e / QUADS) * ALONG + e % QUADS] = load_dy(row + e / QUADS, o / 4 + e % QUADS);
      tile_b[(e / SIDE) * ACROSS + e % SIDE] = load_w(o + e / SIDE, col4 + e % SIDE);
    }
    workgroupBarrier();
    for (var i = 0u; i < QUADS; i++) {
      let b0 = tile_b[(i * 4) * ACROSS + local.x];
      let b1 = tile_b[(i * 4 + 1) * ACROSS + local.x];
      let b2 = tile_b[(i * 4 + 2) * ACROSS + local.x];
      let b3 = tile_b[(i * 4 + 3) * ACROSS + local.x];
      let a0 = tile_a[(local.y * 4) * ALONG + i];
      let a1 = tile_a[(local.y * 4 + 1) * ALONG + i];
      let a2 = tile_a[(local.y * 4 + 2) * ALONG + i];
      let a3 = tile_a[(local.y * 4 + 3) * ALONG + i];
      c0 += a0.x * b0 + a0.y * b1 + a0.z * b2 + a0.w * b3;
      c1 += a1.x * b0 + a1.y * b1 + a1.z * b2 + a1.w * b3;
      c2 += a2.x * b0 + a2.y * b1 + a2.z * b2 + a2.w * b3;
      c3 += a3.x * b0 + a3.y * b1 + a3.z * b2 + a3.w * b3;
    }
    workgroupBarrier();
  }
  store_dx(row + local.y * 4, col4 + local.x, c0);
  store_dx(row + local.y * 4 + 1, col4 + local.x, c1);
  store_dx(row + local.y * 4 + 2, col4 + local.x, c2);
  store_dx(row + local.y * 4 + 3, col4 + local.x, c3);
}

fn store_dx(row: u32, col4: u32, sum: vec4f) {
  if (row >= dims.rows || col4 >= dims.inner / 4) { return; }
  let at = row * (dims.inner / 4) + col4;
  var value = sum * dims.scale;
  if (dims.accumulate != 0) { value += dx[at]; }
  dx[at] = value;
}

// dw: an invocation owns outputs 4·local.y + i and columns 4·local.x …+3.
@compute @workgroup_size(SIDE, SIDE)
fn backward_weight(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = (group.y + dims.first_tile) * TILE;
  let col4 = group.x * (TILE / 4);
  var c0 = vec4f(); var c1 = vec4f(); var c2 = vec4f(); var c3 = vec4f();
  for (var n = 0u; n < dims.rows; n += DEPTH) {
    for (var e = lane; e < DEPTH * SIDE; e += LANES) {
      tile_a[(e / SIDE) * ACROSS + e % SIDE] = load_dy(n + e / SIDE, row / 4 + e % SIDE);
      tile_b[(e / SIDE) * ACROSS + e % SIDE] = load_x(n + e / SIDE, col4 + e % SIDE);
    }
    workgroupBarrier();
    for (var i = 0u; i < DEPTH; i++) {
      let a = tile_a[i * ACROSS + local.y];
      let b = tile_b[i * ACROSS + local.x];
      c0 += a.x * b;
      c1 += a.y * b;
      c2 += a.z * b;
      c3 += a.w * b;
    }
    workgroupBarrier();
  }
  add_dw(row + local.y * 4, col4 + local.x, c0);
  add_dw(row + local.y * 4 + 1, col4 + local.x, c1);
  add_dw(row + local.y * 4 + 2, col4 + local.x, c2);
  add_dw(row + local.y * 4 + 3, col4 + local.x, c3);
}

fn add_dw(row: u32, col4: u32, sum: vec4f) {
  if (row >= dims.outs || col4 >= dims.inner / 4) { return; }
  dw[row * (dims.inner / 4) + col4] += sum * dims.scale;
}
