// AdamW over flat buffers, in PyTorch's order (decay first, epsilon outside the corrected root):
//
//   p ← p·(1 − lr·wd)
//   m ← m + (g − m)·(1 − β1)          v ← β2·v + (1 − β2)·g²
//   p ← p − step_size·m / (√v / root_correction + ε)
//
//   update   report[4] (clip), report[5] (non-finite)   -> p, m, v, g   one lane a quad; g is cleared
//
// step_size = lr / (1 − β1ᵗ) and root_correction = √(1 − β2ᵗ) come from the CPU, since WGSL's pow is not accurate
// enough. g is the accumulated gradient, scaled by the clip factor here. When the step is not finite nothing but g
// changes, so the last good parameters stay. Source: Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101
// Reference: src/ops/adamw.ref.ts; test: src/ops/adamw.check.ts.

const WORKGROUP_SIZE: u32 = 64;

struct Dims {
  quads: u32,
  decay: f32, // 1 − lr·wd
  beta1_rest: f32, beta2: f32, beta2_rest: f32, // 1 − β1, β2, 1 − β2
  step_size: f32, root_correction: f32, epsilon: f32,
}

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> report: array<f32>;      // (8)
@group(0) @binding(2) var<storage, read_write> p: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> g: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> m: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> v: array<vec4f>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn update(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (i >= dims.quads) { return; }
  let gradient = g[i] * report[4];
  g[i] = vec4f();
  if (report[5] != 0.0) { return; }
  let moment1 = m[i] + (gradient - m[i]) * dims.beta1_rest;
  let moment2 = dims.beta2 * v[i] + dims.beta2_rest * gradient * gradient;
  m[i] = moment1;
  v[i] = moment2;
  p[i] = p[i] * dims.decay - dims.step_size * moment1 / (sqrt(moment2) / dims.root_correction + dims.epsilon);
}
