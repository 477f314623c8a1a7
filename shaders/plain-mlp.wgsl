// Activation of an MLP without a gate:  y = act(x)
//
//   forward    x (N,F)       -> y (N,F)    one lane a quad
//   backward   x, dy (N,F)   -> dx (N,F)   one lane a quad
//
//   dx = dy·act'(x)
//
// Needs: activation.wgsl, tanh.wgsl. Reference: src/ops/activation.ref.ts; test: src/ops/plain-mlp.check.ts.

const WORKGROUP_SIZE: u32 = 64;

struct Dims { quads: u32 } // N·F / 4

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;         // (N,F)

// forward
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;   // (N,F)

// backward
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;        // (N,F)
@group(0) @binding(3) var<storage, read_write> dx: array<vec4f>;  // (N,F)

@compute @workgroup_size(WORKGROUP_SIZE)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (i >= dims.quads) { return; }
  y[i] = activation(x[i]);
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (i >= dims.quads) { return; }
  dx[i] = dy[i] * activation_slope(x[i]);
}
