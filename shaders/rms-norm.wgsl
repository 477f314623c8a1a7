// RMSNorm over the last axis:  y = x·w·rstd,  rstd = 1 / √(mean(x²) + eps)
//
//   forward          x (N,C), w (C)              -> y (N,C), rstd (N)   one workgroup a row
//   backward_input   x, w, dy (N,C), rstd        -> dx (N,C)            one workgroup a row   [+= when accumulate]
//   backward_weight  x, dy, rstd                 -> dw (C), +=          one lane a column quad
//
//   dx = rstd·(w·dy − x·rstd²·mean(w·dy·x))      dw = Σ over rows of dy·x·rstd
//
// C is a multiple of 4. Source: Zhang & Sennrich 2019, https://arxiv.org/abs/1910.07467
// Needs: reduce.wgsl (workgroup_sum). Reference: src/ops/rms-norm.ref.ts; test: src/ops/rms-norm.check.ts.

const WORKGROUP_SIZE: u32 = 64; // power of two; the loader may bake another value

struct Dims { rows: u32, cols: u32, eps: f32, accumulate: u32 }

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> x: array<vec4f>; // (N,C)
@group(0) @binding(2) var<storage, read> w: array<vec4f>; // (C)

// forward
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;      // (N,C)
@group(0) @binding(4) var<storage, read_write> rstd_out: array<f32>; // (N)

// backward
@group(0) @binding(3) var<storage, read> dy: array<vec4f>;       // (N,C)
@group(0) @binding(4) var<storage, read> rstd: array<f32>;       // (N)
@group(0) @binding(5) var<storage, read_write> dx: array<vec4f>; // (N,C)
@group(0) @binding(5) var<storage, read_write> dw: array<vec4f>; // (C)

@compute @workgroup_size(WORKGROUP_SIZE)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.y * groups.x + group.x;
  if (row >= dims.rows) { return; }
  let quads = dims.cols / 4;
  let base = row * quads;
  var sum = 0.0;
  for (var c = lane; c < quads; c += WORKGROUP_SIZE) {
    let v = x[base + c];
    sum += dot(v, v);
  }
  let s = inverseSqrt(workgroup_sum(sum, lane) / f32(dims.cols) + dims.eps);
  if (lane == 0) { rstd_out[row] = s; }
  for (var c = lane; c < quads; c += WORKGROUP_SIZE) {
    y[base + c] = x[base + c] * s * w[c];
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn backward_input(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.y * groups.x + group.x;
  if (row >= dims.rows) { return; }
  let quads = dims.cols / 4;
  let base = row * quads;
  let s = rstd[row];
  var sum = 0.0;
  for (var c = lane; c < quads; c += WORKGROUP_SIZE) {
    sum += dot(w[c] * dy[base + c], x[base + c]);
  }
  let k = workgroup_sum(sum, lane) * s * s / f32(dims.cols);
  for (var c = lane; c < quads; c += WORKGROUP_SIZE) {
    var value = s * (w[c] * dy[base + c] - x[base + c] * k);
    if (dims.accumulate != 0) { value += dx[base + c]; }
    dx[base + c] = value;
  }
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn backward_weight(@builtin(global_invocation_id) id: vec3u) {
  let quads = dims.cols / 4;
  let c = id.x;
  if (c >= quads) { return; }
  var sum = vec4f();
  for (var r = 0u; r < dims.rows; r++) {
    sum += dy[r * quads + c] * x[r * quads + c] * rstd[r];
  }
  dw[c] += sum;
}
