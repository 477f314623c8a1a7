// Matrix products from registers: each invocation owns an 8×8 block of the result and reads its operands as vec4
// straight from storage, without workgroup memory. Best on software adapters, good where the L1 cache is.
//
//   forward          x (N,K), weight (O,K), bias (O) -> y (N,O)    y = scale·x·weightᵀ + bias     [+= when accumulate]
//   backward_input   dy (N,O), weight (O,K)          -> dx (N,K)   dx = scale·dy·weight           [+= when accumulate]
//   backward_weight  x (N,K), dy (N,O)               -> dw (O,K)   dw += scale·dyᵀ·x
//
// K is a multiple of 4; rows of y and dy are `stride` elements apart, a multiple of 4 (O rounded up), and what lies
// between O and stride has no meaning in y and must be zero in dy. Rows past the end are read from the last valid
// row and never stored, so the inner loops have no branch. All sums in f32, in order of the inner index.
// Needs: one of weights/*.wgsl (load_weight4). Same contract as matmul-shared.wgsl.
// Reference: src/ops/matmul.ref.ts; test: src/ops/matmul.check.ts.

const WORKGROUP_ROWS: u32 = 8; // invocations of a workgroup along the rows of the result
const WORKGROUP_COLS: u32 = 8; // and along its columns

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

@compute @workgroup_size(WORKGROUP_COLS, WORKGROUP_ROWS)
fn forward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let row = ((group.y + dims.first_tile) * WORKGROUP_ROWS + local.y) * 8;
  let col = (group.x * WORKGROUP_COLS + local.x) * 8;
  if (row >= dims.rows || col >= dims.outs) { return; }
  let k4 = dims.inner / 4;
  let last_row = dims.rows - 1;
  let last_col = dims.outs - 1;
  let x0 = min(row + 0, last_row) * k4;
  let x1 = min(row + 1, last_row) * k4;
  let x2 = min(row + 2, last_row) * k4;
  let x3 = min(row + 3, last_row) * k4;
  let x4 = min(row + 4, last_row) * k4;
  let x5 = min(row + 5, last_row) * k4;
  let x6 = min(row + 6, last_row) * k4;
  let x7 = min(row + 7, last_row) * k4;
  let w0 = min(col + 0, last_col) * k4;
  let w1 = min(col + 1, last_col) * k4;
  let w2 = min(col + 2, last_col) * k4;
  let w3 = min(col + 3, last_col) * k4;
  let w4 = min(col + 4, last_col) * k4;
  let w5 = min(col + 5, last_col) * k4;
  let w6 = min(col + 6, last_col) * k4;
  let w7 = min(col + 7, last_col) * k4;
  var a0 = vec4f(); var b0 = vec4f();
  var a1 = vec4f(); var b1 = vec4f();
  var a2 = vec4f(); var b2 = vec4f();
  var a3 = vec4f(); var b3 = vec4f();
  var a4 = vec4f(); var b4 = vec4f();
  var a5 = vec4f(); var b5 = vec4f();
  var a6 = vec4f(); var b6 = vec4f();
  var a7 = vec4f(); var b7 = vec4f();
  for (var k = 0u; k < k4; k++) {
    let v0 = load_weight4(w0 + k);
    let v1 = load_weight4(w1 + k);
    let v2 = load_weight4(w2 + k);
    let v3 = load_weight4(w3 + k);
    let v4 = load_weight4(w4 + k);
    let v5 = load_weight4(w5 + k);
    let v6 = load_weight4(w6 + k);
    let v7 = load_weight4(w7 + k);
    let r0 = x[x0 + k];
    a0 += vec4f(dot(r0, v0), dot(r0, v1), dot(r0, v2), dot(r0, v3));
    b0 += vec4f(dot(r0, v4), dot(r0, v5), dot(r0, v6), dot(r0, v7));
    let r1 = x[x1 + k];
    a1 += vec4f(dot(r1, v0), dot(r1, v1), dot(r1, v2), dot(r1, v3));
    b1 += vec4f(dot(r1, v4), dot(r1, v5), dot(r1, v6), dot(r1, v7));
    let r2 = x[x2 + k];
    a2 += vec4f(dot(r2, v0), dot(r2, v1), dot(r2, v2), dot(r2, v3));
    b2 += vec4f(dot(r2, v4), dot(r2, v5), dot(r2, v6), dot(r2, v7));
    let r3 = x[x3 + k];
    a3 += vec4f(dot(r3, v0), dot(r3, v1), dot(r3, v2), dot(r3, v3));
    b3 += vec4f(dot(r3, v4), dot(r3, v5), dot(r3, v6), dot(r3, v7));
    let r4 = x[x4 + k];
    a4 += vec4f(dot(r4, v0), dot(r4, v1), dot(r4, v2), dot(r4, v3));
    b4 += vec4f(dot(r4, v4), dot(r4, v5), dot(r4, v6), dot(r4, v7));
    let r5 = x[x5 + k];
    a5 += vec4f(dot(r5, v0), dot(r5, v1), dot(r5, v2), dot(r5, v3));
    b5 += vec4f(dot(r5, v4), dot(r5, v5), dot(r5, v6), dot(r5, v7));
    let r6 = x[x6 + k];
    a6 += vec4f(dot(r6, v0), dot(r6, v1), dot(r6, v2), dot(r6, v3));
    b6 += vec4f(dot(r6, v4), dot(r6, v5), dot(r6, v6), dot(r6, v7));
    let r7 = x[x7 + k];
    a7 += vec4f(dot(r7, v0), dot(r7, v1), dot(r7, v2), dot(r7, v3));
    b7 += vec4f(dot(r7, v4), dot(r7, v5), dot(r7, v6), dot(r7, v7));
  }
  store_y(row + 0, col, a0, b0);
  store_y(row + 1, col, a1, b1);
  store_y(row + 2, col, a2, b2);
  store_y(row + 3, col, a3, b3);
  store_y(row + 4, col, a4, b4);
  store_y(row + 5, col, a5, b5);
  store_y(row + 6, col, a6, b6);
  store_y(row + 7, col, a7, b7);
}

fn store_y(row: u32, col: u32, left: vec4f, right: vec4f) {
  if (row >= dims.rows) { return; }
  let at = (row * dims.stride + col) / 4;
  store_y4(at, col, left);
  if (col + 4 < dims.stride) { store_y4(at + 1, col + 4, right); }
}

fn store_y4(at: u32, col: u32, sum: vec4f) {
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

@compute @workgroup_size(WORKGROUP_COLS, WORKGROUP_ROWS)
fn backward_input(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let row = ((group.y + dims.first_tile) * WORKGROUP_ROWS + local.y) * 8;
  let col = (group.x * WORKGROUP_COLS + local.x) * 8;
  if (row >= dims.rows || col >= dims.inner) { return; }
  let k4 = dims.inner / 4;
  let stride4 = dims.stride / 4;
  let left = col / 4;
  let right = min(left + 1, k4 - 1);
  let last_row = dims.rows - 1;
  let last_out = dims.outs - 1;
  let y0 = min(row + 0, last_row) * stride4;
  let y1 = min(row + 1, last_row) * stride4;
  let y2 = min(row + 2, last_row) * stride4;
  let y3 = min(row + 3, last_row) * stride4;
  let y4 = min(row + 4, last_row) * stride4;
  let y5 = min(row + 5, last_row) * stride4;
  let y6 = min(row + 6, last_row) * stride4;
  let y7 = min(row + 7, last_row) * stride4;
  var a0 = vec4f(); var b0 = vec4f();
  var a1 = vec4f(); var b1 = vec4f();
  var a2 = vec4f(); var b2 = vec4f();
  var a3 = vec4f(); var b3 = vec4f();
  var a4 = vec4f(); var b4 = vec4f();
  var a5 = vec4f(); var b5 = vec4f();
  var a6 = vec4f(); var b6 = vec4f();
  var a7 = vec4f(); var b7 = vec4f();
  for (var o = 0u; o < dims.outs; o += 4) {
    let w0 = o * k4;
    let p0 = load_weight4(w0 + left); let q0 = load_weight4(w0 + right);
    let w1 = min(o + 1, last_out) * k4;
    let p1 = load_weight4(w1 + left); let q1 = load_weight4(w1 + right);
    let w2 = min(o + 2, last_out) * k4;
    let p2 = load_weight4(w2 + left); let q2 = load_weight4(w2 + right);
    let w3 = min(o + 3, last_out) * k4;
    let p3 = load_weight4(w3 + left); let q3 = load_weight4(w3 + right);
    let d0 = dy[y0 + o / 4];
    a0 = add_products(d0, p0, p1, p2, p3, a0);
    b0 = add_products(d0, q0, q1, q2, q3, b0);
    let d1 = dy[y1 + o / 4];
    a1 = add_products(d1, p0, p1, p2, p3, a1);
    b1 = add_products(d1, q0, q1, q2, q3, b1);
    let d2 = dy[y2 + o / 4];
    a2 = add_products(d2, p0, p1, p2, p3, a2);
    b2 = add_products(d2, q0, q1, q2, q3, b2);
    let d3 = dy[y3 + o / 4];
    a3 = add_products(d3, p0, p1, p2, p3, a3);
    b3 = add_products(d3, q0, q1, q2, q3, b3);
    let d4 = dy[y4 + o / 4];
    a4 = add_products(d4, p0, p1, p2, p3, a4);
    b4 = add_products(d4, q0, q1, q2, q3, b4);
    let d5 = dy[y5 + o / 4];
    a5 = add_products(d5, p0, p1, p2, p3, a5);
    b5 = add_products(d5, q0, q1, q2, q3, b5);
    let d6 = dy[y6 + o / 4];
    a6 = add_products(d6, p0, p1, p2, p3, a6);
    b6 = add_products(d6, q0, q1, q2, q3, b6);
    let d7 = dy[y7 + o / 4];
    a7 = add_products(d7, p0, p1, p2, p3, a7);
    b7 = add_products(d7, q0, q1, q2, q3, b7);
  }
  store_dx(row + 0, left, a0, b0);
  store_dx(row + 1, left, a1, b1);
  store_dx(row + 2, left, a2, b2);
  store_dx(row + 3, left, a3, b3);
  store_dx(row + 4, left, a4, b4);
  store_dx(row + 5, left, a5, b5);
  store_dx(row + 6, left, a6, b6);
  store_dx(row + 7, left, a7, b7);
}

// sum + d·w over four steps of the inner index, in order. fma, since SwiftShader does not fuse a product and a sum.
fn add_products(d: vec4f, w0: vec4f, w1: vec4f, w2: vec4f, w3: vec4f, sum: vec4f) -> vec4f {
  return fma(vec4f(d.w), w3, fma(vec4f(d.z), w2, fma(vec4f(d.y), w1, fma(vec4f(d.x), w0, sum))));
}

fn store_dx(row: u32, col4: u32, left: vec4f, right: vec4f) {
  if (row >= dims.rows) { return; }
  let k4 = dims.inner / 4;
  let at = row * k4 + col4;
  var value = left * dims.scale;
  if (dims.accumulate != 0) { value += dx[at]; }
  dx[at] = value;
  if (col4 + 1 >= k4) { return; }
  var next = right * dims.scale;
  if (dims.accumulate != 0) { next += dx[at + 1]; }
  dx[at + 1] = next;
}

@compute @workgroup_size(WORKGROUP_COLS, WORKGROUP_ROWS)
fn backward_weight(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let row = ((group.y + dims.first_tile) * WORKGROUP_ROWS + local.y) * 8; // of dw, an output of the layer
  let col = (group.x * WORKGROUP_COLS + local.x) * 8;
  if (row >= dims.outs || col >= dims.inner) { return; }
  let k4 = dims.inner / 4;
  let stride4 = dims.stride / 4;
  let left = col / 4;
  let right = min(left + 1, k4 - 1);
  let low = row / 4;
  let high = min(low + 1, stride4 - 1);
  var a0 = vec4f(); var b0 = vec4f();
  var a1 = vec4f(); var b1 = vec4f();
  var a2 = vec4f(); var b2 = vec4f();
  var a3 = vec4f(); var b3 = vec4f();
  var a4 = vec4f(); var b4 = vec4f();
  var a5 = vec4f(); var b5 = vec4f();
  var a6 = vec4f(); var b6 = vec4f();
  var a7 = vec4f(); var b7 = vec4f();
  for (var n = 0u; n < dims.rows; n++) {
    let p = x[n * k4 + left];
    let q = x[n * k4 + right];
    let d = dy[n * stride4 + low];
    let e = dy[n * stride4 + high];
    a0 = fma(vec4f(d.x), p, a0); b0 = fma(vec4f(d.x), q, b0);
    a1 = fma(vec4f(d.y), p, a1); b1 = fma(vec4f(d.y), q, b1);
    a2 = fma(vec4f(d.z), p, a2); b2 = fma(vec4f(d.z), q, b2);
    a3 = fma(vec4f(d.w), p, a3); b3 = fma(vec4f(d.w), q, b3);
    a4 = fma(vec4f(e.x), p, a4); b4 = fma(vec4f(e.x), q, b4);
    a5 = fma(vec4f(e.y), p, a5); b5 = fma(vec4f(e.y), q, b5);
    a6 = fma(vec4f(e.z), p, a6); b6 = fma(vec4f(e.z), q, b6);
    a7 = fma(vec4f(e.w), p, a7); b7 = fma(vec4f(e.w), q, b7);
  }
  add_dw(row + 0, left, a0, b0);
  add_dw(row + 1, left, a1, b1);
  add_dw(row + 2, left, a2, b2);
  add_dw(row + 3, left, a3, b3);
  add_dw(row + 4, left, a4, b4);
  add_dw(row + 5, left, a5, b5);
  add_dw(row + 6, left, a6, b6);
  add_dw(row + 7, left, a7, b7);
}

fn add_dw(row: u32, col4: u32, left: vec4f, right: vec4f) {
  if (row >= dims.outs) { return; }
  let k4 = dims.inner / 4;
  let at = row * k4 + col4;
  dw[at] += left * dims.scale;
  if (col4 + 1 < k4) { dw[at + 1] += right * dims.scale; }
}
