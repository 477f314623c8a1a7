// Matrix products from tiles in workgroup memory: a workgroup of 16×16 invocations owns a 64×64 block of the result,
// each invocation a 4×4 part of it. The classic form for GPUs with fast workgroup memory; slow on software adapters.
//
//   forward          x (N,K), weight (O,K), bias (O) -> y (N,O)    y = scale·x·weightᵀ + bias     [+= when accumulate]
//   backward_input   dy (N,O), weight (O,K)          -> dx (N,K)   dx = scale·dy·weight           [+= when accumulate]
//   backward_weight  x (N,K), dy (N,O)               -> dw (O,K)   dw += scale·dyᵀ·x
//
// K is a multiple of 4; rows of y and dy are `stride` elements apart, a multiple of 4 (O rounded up), and what lies
// between O and stride has no meaning in y and must be zero in dy. What lies past an edge is
// loaded as zero. Every shared write is a whole vec4, and no operand is transposed on the way. All sums in f32, in order of the inner index.
// Needs: one of weights/*.wgsl (load_weight4). Same contract as matmul-registers.wgsl.
// Reference: src/ops/matmul.ref.ts; test: src/ops/matmul.check.ts.

const TILE: u32 = 64;  // rows and columns of the result a workgroup owns
const DEPTH: u32 = 16; // inner indices a step
const SIDE: u32 = 16;  // invocations along each axis; TILE / SIDE is 4

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

// Rows × (columns / 4 + 1): the extra column keeps lanes that read one column apart from each other's banks.
var<workgroup> tile_a: array<vec4f, 320>; // 64 × (4+1), or 16 × (16+1) = 272
var<workgroup> tile_b: array<vec4f, 320>;

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

// y: an invocation owns rows 4·local.y + i and columns local.x + 16·j.
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
    tile_a[(lane / 4) * 5 + lane % 4] = load_x(row + lane / 4, k / 4 + lane % 4);
    tile_b[(lane / 4) * 5 + lane % 4] = load_w(col + lane / 4, k / 4 + lane % 4);
    workgroupBarrier();
    for (var i = 0u; i < 4; i++) {
      let b0 = tile_b[local.x * 5 + i];
      let b1 = tile_b[(local.x + 16) * 5 + i];
      let b2 = tile_b[(local.x + 32) * 5 + i];
      let b3 = tile_b[(local.x + 48) * 5 + i];
      let a0 = tile_a[(local.y * 4) * 5 + i];
      let a1 = tile_a[(local.y * 4 + 1) * 5 + i];
      let a2 = tile_a[(local.y * 4 + 2) * 5 + i];
      let a3 = tile_a[(local.y * 4 + 3) * 5 + i];
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
  store_y1(row, col + 16, sums.y);
  store_y1(row, col + 32, sums.z);
  store_y1(row, col + 48, sums.w);
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
    tile_a[(lane / 4) * 5 + lane % 4] = load_dy(row + lane / 4, o / 4 + lane % 4);
    tile_b[(lane / 16) * 17 + lane % 16] = load_w(o + lane / 16, col4 + lane % 16);
    workgroupBarrier();
    for (var i = 0u; i < 4; i++) {
      let b0 = tile_b[(i * 4) * 17 + local.x];
      let b1 = tile_b[(i * 4 + 1) * 17 + local.x];
      let b2 = tile_b[(i * 4 + 2) * 17 + local.x];
      let b3 = tile_b[(i * 4 + 3) * 17 + local.x];
      let a0 = tile_a[(local.y * 4) * 5 + i];
      let a1 = tile_a[(local.y * 4 + 1) * 5 + i];
      let a2 = tile_a[(local.y * 4 + 2) * 5 + i];
      let a3 = tile_a[(local.y * 4 + 3) * 5 + i];
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
    tile_a[(lane / 16) * 17 + lane % 16] = load_dy(n + lane / 16, row / 4 + lane % 16);
    tile_b[(lane / 16) * 17 + lane % 16] = load_x(n + lane / 16, col4 + lane % 16);
    workgroupBarrier();
    for (var i = 0u; i < DEPTH; i++) {
      let a = tile_a[i * 17 + local.y];
      let b = tile_b[i * 17 + local.x];
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
