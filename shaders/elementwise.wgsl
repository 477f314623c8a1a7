// Element-wise sums and copies over f32, four at a time.
//
//   add    a, b (N,C)  -> y (N,C)   y = a + b
//   copy   a (N,C)     -> y (N,C)   y = a  [y += a when accumulate], y starting at quad `first`
//
// Reference and test: src/ops/elementwise.check.ts.

const WORKGROUP_SIZE: u32 = 64;

struct Dims { quads: u32, first: u32, accumulate: u32 }

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn add(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (i >= dims.quads) { return; }
  y[i] = a[i] + b[i];
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn copy(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (i >= dims.quads) { return; }
  var value = a[i];
  if (dims.accumulate != 0) { value += y[dims.first + i]; }
  y[dims.first + i] = value;
}
