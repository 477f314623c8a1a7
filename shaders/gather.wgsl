// Rows picked out of a matrix and put back. The loss looks only at rows that carry a label.
//
//   gather    x (N,C), picked (M)  -> y (M,C)    y[m] = x[picked[m]]                     one lane a quad
//   scatter   dy (M,C), slots (N)  -> dx (N,C)   dx[n] = dy[slots[n]], 0 without a slot  one lane a quad
//
// Reference and test: src/ops/cross-entropy.check.ts (the loss is the only user).

const WORKGROUP_SIZE: u32 = 64;
const NO_SLOT: u32 = 4294967295;

struct Dims { rows: u32, cols: u32 } // rows of the result

@group(0) @binding(0) var<uniform> dims: Dims;

// gather
@group(0) @binding(1) var<storage, read> x: array<vec4f>;          // (N,C)
@group(0) @binding(2) var<storage, read> picked: array<u32>;       // (M)
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;    // (M,C)

// scatter
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;         // (M,C)
@group(0) @binding(2) var<storage, read> slots: array<u32>;        // (N)
@group(0) @binding(3) var<storage, read_write> dx: array<vec4f>;   // (N,C)

@compute @workgroup_size(WORKGROUP_SIZE)
fn gather(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let quads = dims.cols / 4;
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (i >= dims.rows * quads) { return; }
  y[i] = x[picked[i / quads] * quads + i % quads];
}

@compute @workgroup_size(WORKGROUP_SIZE)
fn scatter(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let quads = dims.cols / 4;
  let i = (group.y * groups.x + group.x) * WORKGROUP_SIZE + lane;
  if (i >= dims.rows * quads) { return; }
  let slot = slots[i / quads];
  if (slot == NO_SLOT) {
    dx[i] = vec4f();
  } else {
    dx[i] = dy[slot * quads + i % quads];
  }
}
