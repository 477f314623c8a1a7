// Inverted dropout from a counter-based generator, so that the backward pass makes the same mask again:
//
//   apply   x (N,C)  -> y (N,C)   y = x·mask / (1 − p)   [+= when accumulate]   one lane a quad
//
// The four words of pcg4d(row, column / 4, stream, seed) decide the four columns of a quad: a column is kept when
// its word is at least p·2³². The gradient of dropout is dropout of the gradient with the same counters.
// Source: Jarzynski & Olano 2020, http://jcgt.org/published/0009/03/02/
// Reference: src/ops/dropout.ref.ts; test: src/ops/dropout.check.ts.

const WORKGROUP_SIZE: u32 = 64;

struct Dims {
  rows: u32, cols: u32, seed: u32, stream: u32,
  threshold: u32,   // floor(p·2³²)
  keep_scale: f32,  // 1 / (1 − p)
  accumulate: u32,
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;        // (N,C)
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;  // (N,C)

@compute @workgroup_size(WORKGROUP_SIZE)
fn apply(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let quads = dims.cols / 4;
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (i >= dims.rows * quads) { return; }
  let words = pcg4d(vec4u(i / quads, i % quads, dims.stream, dims.seed));
  var value = select(vec4f(), x[i] * dims.keep_scale, words >= vec4u(dims.threshold));
  if (dims.accumulate != 0) { value += y[i]; }
  y[i] = value;
}

fn pcg4d(counter: vec4u) -> vec4u {
  var v = counter * 1664525u + 1013904223u;
  v.x += v.y * v.w;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  v.w += v.y * v.z;
  v = v ^ (v >> vec4u(16));
  v.x += v.y * v.w;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  v.w += v.y * v.z;
  return v;
}
