// Soft cap of logits, in place:  y = cap·tanh(y / cap)
//
//   forward   y (N,stride)  -> y   one lane a quad
//
// Its slope 1 − (y/cap)² is taken where the gradient of the logits is made (cross-entropy.wgsl).
// Source: Gemma Team 2024, https://arxiv.org/abs/2408.00118. Needs: tanh.wgsl.
// Reference: src/ops/cross-entropy.ref.ts; test: src/ops/cross-entropy.check.ts.

const WORKGROUP_SIZE: u32 = 64;

struct Dims { quads: u32, cap: f32 }

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>; // (N,stride)

@compute @workgroup_size(WORKGROUP_SIZE)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (i >= dims.quads) { return; }
  y[i] = dims.cap * tanh4(y[i] / dims.cap);
}
