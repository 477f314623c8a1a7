// Matrix product for very few rows (generation, one token at a time): y = scale·x·weightᵀ + bias
//
//   forward   x (N,K), weight (O,K), bias (O)  -> y (N,O)   [+= when accumulate]   LANES_PER_OUT lanes an output
//
// A workgroup owns OUTS neighbouring outputs of one row; the lanes of an output take turns along K and their sums
// are added in lane order. K is a multiple of 4. Rows of y are `stride` apart, as in matmul-registers.wgsl.
// Needs: one of weights/*.wgsl (load_weight4). Reference: src/ops/matmul.ref.ts; test: src/ops/matmul.check.ts.

const OUTS: u32 = 8;
const LANES_PER_OUT: u32 = 8;

struct Dims { outs: u32, inner: u32, stride: u32, accumulate: u32, has_bias: u32, scale: f32 }

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;       // (N,K)
@group(0) @binding(3) var<storage, read> bias: array<f32>;      // (O), read when has_bias
@group(0) @binding(4) var<storage, read_write> y: array<f32>;   // (N,stride)

var<workgroup> lane_sum: array<f32, OUTS * LANES_PER_OUT>;

@compute @workgroup_size(LANES_PER_OUT, OUTS)
fn forward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let out = group.x * OUTS + local.y;
  let k4 = dims.inner / 4;
  var sum = 0.0;
  if (out < dims.outs) {
    for (var k = local.x; k < k4; k += LANES_PER_OUT) {
      sum += dot(x[group.y * k4 + k], load_weight4(out * k4 + k));
    }
  }
  lane_sum[local.y * LANES_PER_OUT + local.x] = sum;
  workgroupBarrier();
  if (local.x != 0 || out >= dims.outs) { return; }
  var total = 0.0;
  for (var i = 0u; i < LANES_PER_OUT; i++) { total += lane_sum[local.y * LANES_PER_OUT + i]; }
  let at = group.y * dims.stride + out;
  var value = total * dims.scale;
  if (dims.has_bias != 0) { value += bias[out]; }
  if (dims.accumulate != 0) { value += y[at]; }
  y[at] = value;
}
