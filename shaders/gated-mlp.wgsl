// Gated MLP activation:  y = act(gate)·up, act being silu (SwiGLU) or the tanh form of gelu (GeGLU)
//
//   forward    gate, up (N,F)       -> y (N,F)               one lane a quad
//   backward   gate, up, dy (N,F)   -> dgate, dup (N,F)      one lane a quad
//
//   dup = dy·act(gate)     dgate = dy·up·act'(gate)
//
// Source: Shazeer 2020, https://arxiv.org/abs/2002.05202. Needs: activation.wgsl, tanh.wgsl.
// Reference: src/ops/gated-mlp.ref.ts; test: src/ops/gated-mlp.check.ts.

const WORKGROUP_SIZE: u32 = 64;

struct Dims { quads: u32 } // N·F / 4

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> gate: array<vec4f>;         // (N,F)
@group(0) @binding(2) var<storage, read> up: array<vec4f>;           // (N,F)

// forward
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;      // (N,F)

// backward
@group(0) @binding(3) var<storage, read> dy: array<vec4f>;           // (N,F)
@group(0) @binding(4) var<storage, read_write> dgate: array<vec4f>;  // (N,F)
@group(0) @binding(5) var<storage, read_write> dup: array<vec4f>;    // (N,F)

@compute @workgroup_size(WORKGROUP_SIZE)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (i >= dims.quads) { return; }
  y[i] = activation(gate[i]) * up[i];
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (i >= dims.quads) { return; }
  let g = gate[i];
  dgate[i] = dy[i] * up[i] * activation_slope(g);
  dup[i] = dy[i] * activation(g);
}
