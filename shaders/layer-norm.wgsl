// LayerNorm over the last axis:  y = (x − mean)·rstd·w + b,  rstd = 1 / √(mean((x − mean)²) + eps)
//
//   forward          x (N,C), w, b (C)           -> y (N,C), stats (N)   one workgroup a row; stats = (mean, rstd)
//   backward_input   x, w, dy (N,C), stats       -> dx (N,C)             one workgroup a row   [+= when accumulate]
//
//   dx = rstd·(w·dy − mean(w·dy) − n·mean(w·dy·n)),  n = (x − mean)·rstd
//
// w and b are frozen. The variance is summed about the mean in a second pass: mean(x²) − mean(x)² would cancel.
// C is a multiple of 4. Source: Ba, Kiros & Hinton 2016, https://arxiv.org/abs/1607.06450
// Needs: reduce.wgsl (workgroup_sum). Reference: src/ops/layer-norm.ref.ts; test: src/ops/layer-norm.check.ts.

const WORKGROUP_SIZE: u32 = 64; // power of two; the loader may bake another value

struct Dims { rows: u32, cols: u32, eps: f32, accumulate: u32 }

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> x: array<vec4f>; // (N,C)
@group(0) @binding(2) var<storage, read> w: array<vec4f>; // (C)

// forward
@group(0) @binding(3) var<storage, read> b: array<vec4f>;               // (C)
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;         // (N,C)
@group(0) @binding(5) var<storage, read_write> stats_out: array<vec2f>; // (N)

// backward
@group(0) @binding(3) var<storage, read> dy: array<vec4f>;       // (N,C)
@group(0) @binding(4) var<storage, read> stats: array<vec2f>;    // (N)
@group(0) @binding(5) var<storage, read_write> dx: array<vec4f>; // (N,C)

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
  for (var c = lane; c < quads; c += WORKGROUP_SIZE) { sum += dot(x[base + c], vec4f(1.0)); }
  let mean = workgroup_sum(sum, lane) / f32(dims.cols);
  var squares = 0.0;
  for (var c = lane; c < quads; c += WORKGROUP_SIZE) {
    let v = x[base + c] - mean;
    squares += dot(v, v);
  }
  let s = inverseSqrt(workgroup_sum(squares, lane) / f32(dims.cols) + dims.eps);
  if (lane == 0) { stats_out[row] = vec2f(mean, s); }
  for (var c = lane; c < quads; c += WORKGROUP_SIZE) {
    y[base + c] = (x[base + c] - mean) * s * w[c] + b[c];
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
  let known = stats[row];
  var sum = 0.0;
  var product = 0.0;
  for (var c = lane; c < quads; c += WORKGROUP_SIZE) {
    let g = w[c] * dy[base + c];
    sum += dot(g, vec4f(1.0));
    product += dot(g, (x[base + c] - known.x) * known.y);
  }
  let mean_g = workgroup_sum(sum, lane) / f32(dims.cols);
  let mean_gn = workgroup_sum(product, lane) / f32(dims.cols);
  for (var c = lane; c < quads; c += WORKGROUP_SIZE) {
    let n = (x[base + c] - known.x) * known.y;
    var value = known.y * (w[c] * dy[base + c] - mean_g - n * mean_gn);
    if (dims.accumulate != 0) { value += dx[base + c]; }
    dx[base + c] = value;
  }
}
