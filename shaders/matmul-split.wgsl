// Matrix products with few results: the lanes of a workgroup share the inner index. A workgroup of 4×4×SLICES
// invocations owns a 16×16 block of the result; each invocation sums a 4×4 part of it over every SLICES-th step along
// the inner index, straight from storage, and the slices' sums are added pairwise in a fixed order. For the low-rank
// products of LoRA, whose results are too few to fill a GPU otherwise.
//
//   forward          x (N,K), weight (O,K), bias (O) -> y (N,O)    y = scale·x·weightᵀ + bias     [+= when accumulate]
//   backward_input   dy (N,O), weight (O,K)          -> dx (N,K)   dx = scale·dy·weight           [+= when accumulate]
//   backward_weight  x (N,K), dy (N,O)               -> dw (O,K)   dw += scale·dyᵀ·x
//
// K is a multiple of 4; rows of y and dy are `stride` elements apart, a multiple of 4 (O rounded up), and what lies
// between O and stride has no meaning in y and must be zero in dy. Rows past the end are read from the last valid row
// and never stored. All sums in f32.
// Needs: one of weights/*.wgsl (load_weight4). Same contract as matmul-registers.wgsl.
// Reference: src/ops/matmul.ref.ts; test: src/ops/matmul.check.ts.

const SLICES: u32 = 16; // power of two

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
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;   // (N,stride)

// backward
@group(0) @binding(3) var<storage, read> dy: array<vec4f>;        // (N,stride)
@group(0) @binding(4) var<storage, read_write> dx: array<vec4f>;  // (N,K)
@group(0) @binding(4) var<storage, read_write> dw: array<vec4f>;  // (O,K)

struct Block { r0: vec4f, r1: vec4f, r2: vec4f, r3: vec4f } // four rows of four columns

var<workgroup> slice_sums: array<vec4f, SLICES * 32>; // half the slices × 16 blocks × 4 rows

// The sum over all slices, valid in slice 0.
fn over_slices(own: Block, block: u32, slice: u32) -> Block {
  var sum = own;
  for (var half = SLICES / 2; half > 0; half /= 2) {
    if (slice >= half && slice < 2 * half) {
      let at = ((slice - half) * 16 + block) * 4;
      slice_sums[at] = sum.r0;
      slice_sums[at + 1] = sum.r1;
      slice_sums[at + 2] = sum.r2;
      slice_sums[at + 3] = sum.r3;
    }
    workgroupBarrier();
    if (slice < half) {
      let at = (slice * 16 + block) * 4;
      sum.r0 += slice_sums[at];
      sum.r1 += slice_sums[at + 1];
      sum.r2 += slice_sums[at + 2];
      sum.r3 += slice_sums[at + 3];
    }
    workgroupBarrier();
  }
  return sum;
}

@compute @workgroup_size(4, 4, SLICES)
fn forward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let row = ((group.y + dims.first_tile) * 4 + local.y) * 4;
  let col = (group.x * 4 + local.x) * 4;
  let k4 = dims.inner / 4;
  let last_row = dims.rows - 1;
  let last_out = dims.outs - 1;
  let x0 = min(row + 0, last_row) * k4;
  let x1 = min(row + 1, last_row) * k4;
  let x2 = min(row + 2, last_row) * k4;
  let x3 = min(row + 3, last_row) * k4;
  let w0 = min(col + 0, last_out) * k4;
  let w1 = min(col + 1, last_out) * k4;
  let w2 = min(col + 2, last_out) * k4;
  let w3 = min(col + 3, last_out) * k4;
  var sum = Block();
  for (var k = local.z; k < k4; k += SLICES) {
    let v0 = load_weight4(w0 + k);
    let v1 = load_weight4(w1 + k);
    let v2 = load_weight4(w2 + k);
    let v3 = load_weight4(w3 + k);
    let a0 = x[x0 + k];
    let a1 = x[x1 + k];
    let a2 = x[x2 + k];
    let a3 = x[x3 + k];
    sum.r0 += vec4f(dot(a0, v0), dot(a0, v1), dot(a0, v2), dot(a0, v3));
    sum.r1 += vec4f(dot(a1, v0), dot(a1, v1), dot(a1, v2), dot(a1, v3));
    sum.r2 += vec4f(dot(a2, v0), dot(a2, v1), dot(a2, v2), dot(a2, v3));
    sum.r3 += vec4f(dot(a3, v0), dot(a3, v1), dot(a3, v2), dot(a3, v3));
  }
  let total = over_slices(sum, local.y * 4 + local.x, local.z);
  if (local.z != 0 || col >= dims.outs) { return; }
  store_y(row + 0, col, total.r0);
  store_y(row + 1, col, total.r1);
  store_y(row + 2, col, total.r2);
  store_y(row + 3, col, total.r3);
}

fn store_y(row: u32, col: u32, sum: vec4f) {
  if (row >= dims.rows) { return; }
  let at = (row * dims.stride + col) / 4;
  var value = sum * dims.scale;
  if (dims.has_bias != 0) { value += load_bias4(col); }
  if (dims.accumulate != 0) { value += y[at]; }
  y[at] = value;
}

// O need not be a multiple of 4; columns past it repeat the last bias and mean nothing.
fn load_bias4(col: u32) -> vec4f {
  let last = dims.outs - 1;
  return vec4f(bias[min(col, last)], bias[min(col + 1, last)], bias[min(col + 2, last)], bias[min(col + 3, last)]);
}

@compute @workgroup_size(4, 4, SLICES)
fn backward_input(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let row = ((group.y + dims.first_tile) * 4 + local.y) * 4;
  let k4 = dims.inner / 4;
  let stride4 = dims.stride / 4;
  let col4 = group.x * 4 + local.x;
  let col = min(col4, k4 - 1);
  let last_row = dims.rows - 1;
  let last_out = dims.outs - 1;
  let y0 = min(row + 0, last_row) * stride4;
  let y1 = min(row + 1, last_row) * stride4;
  let y2 = min(row + 2, last_row) * stride4;
  let y3 = min(row + 3, last_row) * stride4;
  var sum = Block();
  for (var o = local.z * 4; o < dims.outs; o += SLICES * 4) {
    let w0 = load_weight4(o * k4 + col);
    let w1 = load_weight4(min(o + 1, last_out) * k4 + col);
    let w2 = load_weight4(min(o + 2, last_out) * k4 + col);
    let w3 = load_weight4(min(o + 3, last_out) * k4 + col);
    let d0 = dy[y0 + o / 4];
    let d1 = dy[y1 + o / 4];
    let d2 = dy[y2 + o / 4];
    let d3 = dy[y3 + o / 4];
    sum.r0 += d0.x * w0 + d0.y * w1 + d0.z * w2 + d0.w * w3;
    sum.r1 += d1.x * w0 + d1.y * w1 + d1.z * w2 + d1.w * w3;
    sum.r2 += d2.x * w0 + d2.y * w1 + d2.z * w2 + d2.w * w3;
    sum.r3 += d3.x * w0 + d3.y * w1 + d3.z * w2 + d3.w * w3;
  }
  let total = over_slices(sum, local.y * 4 + local.x, local.z);
  if (local.z != 0 || col4 >= k4) { return; }
  store_dx(row + 0, col4, total.r0);
  store_dx(row + 1, col4, total.r1);
  store_dx(row + 2, col4, total.r2);
  store_dx(row + 3, col4, total.r3);
}

fn store_dx(row: u32, col4: u32, sum: vec4f) {
  if (row >= dims.rows) { return; }
  let at = row * (dims.inner / 4) + col4;
  var value = sum * dims.scale;
  if (dims.accumulate != 0) { value += dx[at]; }
  dx[at] = value;
}

@compute @workgroup_size(4, 4, SLICES)
fn backward_weight(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let row4 = (group.y + dims.first_tile) * 4 + local.y; // of dw: a quad of the layer's outputs
  let col4 = group.x * 4 + local.x;
  let k4 = dims.inner / 4;
  let stride4 = dims.stride / 4;
  let row = min(row4, stride4 - 1);
  let col = min(col4, k4 - 1);
  var sum = Block();
  for (var n = local.z; n < dims.rows; n += SLICES) {
    let v = x[n * k4 + col];
    let d = dy[n * stride4 + row];
    sum.r0 += d.x * v;
    sum.r1 += d.y * v;
    sum.r2 += d.z * v;
    sum.r3 += d.w * v;
  }
  let total = over_slices(sum, local.y * 4 + local.x, local.z);
  if (local.z != 0 || col4 >= k4) { return; }
  add_dw(row4 * 4 + 0, col4, total.r0);
  add_dw(row4 * 4 + 1, col4, total.r1);
  add_dw(row4 * 4 + 2, col4, total.r2);
  add_dw(row4 * 4 + 3, col4, total.r3);
}

fn add_dw(row: u32, col4: u32, sum: vec4f) {
  if (row >= dims.outs) { return; }
  dw[row * (dims.inner / 4) + col4] += sum * dims.scale;
}
