// Gated MLP activation (SwiGLU):  y = silu(gate)·up,  silu(g) = g·σ(g)
//
//   forward    gate, up (N,F)       -> y (N,F)               one lane a quad
//   backward   gate, up, dy (N,F)   -> dgate, dup (N,F)      one lane a quad
//
//   dup = dy·silu(gate)     dgate = dy·up·σ·(1 + gate·(1 − σ))
//
// Below −87 σ is no normal f32 and counts as 0, so the exponential never overflows and a gate of any size times σ
// stays right. Source: Shazeer 2020,
// https://arxiv.org/abs/2002.05202. Reference: src/ops/gated-mlp.ref.ts; test: src/ops/gated-mlp.check.ts.

const WORKGROUP_SIZE: u32 = 64;
const LOWEST: f32 = -87.0; // e^87 is still finite

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
  let g = gate[i];
  y[i] = g * sigmoid(g) * up[i];
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
  let s = sigmoid(g);
  dgate[i] = dy[i] * up[i] * s * (1.0 + g * (1.0 - s));
  dup[i] = dy[i] * g * s;
}

fn sigmoid(v: vec4f) -> vec4f {
  let inside = 1.0 / (1.0 + exp(-clamp(v, vec4f(LOWEST), vec4f(-LOWEST))));
  return select(inside, vec4f(), v < vec4f(LOWEST));
}
